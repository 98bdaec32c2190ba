"""PictureFill: an image repeated inside a polygon."""
