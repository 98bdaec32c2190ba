"""What QGIS spells the same way everywhere in its style documents: properties, lengths, colours, ramps, values by the feature."""
