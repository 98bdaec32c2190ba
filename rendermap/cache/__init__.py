"""Finished things kept, and made once however many ask."""
