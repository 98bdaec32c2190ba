"""rendermap draws the results of finished geoprocessing jobs and serves them as pictures."""

__version__ = "0.1.0"
