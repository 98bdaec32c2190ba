"""GradientFill: a ramp across each polygon."""
