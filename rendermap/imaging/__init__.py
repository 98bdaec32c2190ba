"""Pixels to pictures: formats, encoders, blending and legend sheets."""
