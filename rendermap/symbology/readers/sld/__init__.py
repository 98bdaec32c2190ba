"""OGC Styled Layer Descriptor 1.0 and 1.1 with Symbology Encoding 1.1."""
