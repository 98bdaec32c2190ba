"""PictureMarker: an image at a point."""
