"""Tiles drawn before anybody asks: into the cache of pictures, or into an archive that any static host can serve."""
