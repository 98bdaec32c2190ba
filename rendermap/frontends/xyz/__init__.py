"""XYZ tiles and TileJSON."""
