"""The reader of ArcGIS REST symbology."""
