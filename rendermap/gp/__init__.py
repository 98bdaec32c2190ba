"""The geoprocessing side: tasks are ordered here, and engines have them done."""
