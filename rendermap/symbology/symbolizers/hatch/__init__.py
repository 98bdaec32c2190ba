"""Hatch: parallel lines inside a polygon."""
