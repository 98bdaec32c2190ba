"""Stroke: a line along the geometry, or along a polygon's outline."""
