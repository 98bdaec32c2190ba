"""Styles written out in the languages of others."""
