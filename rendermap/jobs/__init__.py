"""Finished jobs on disk: found, read as values, and never left."""
