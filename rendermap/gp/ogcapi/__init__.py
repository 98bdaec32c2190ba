"""A client of OGC API - Processes: tasks that another server runs."""
