"""Boxes, coordinate reference systems, views and tile addresses: easting first, always."""
