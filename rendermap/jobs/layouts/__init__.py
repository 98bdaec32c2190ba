"""Layouts of job folders, one file each."""
