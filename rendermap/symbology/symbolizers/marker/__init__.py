"""Marker: a shape at a point, along a line or inside a polygon."""
