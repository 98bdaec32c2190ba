"""ArcGIS Pro layer files (.lyrx): CIM documents."""
