"""Published services: a folder with a service.toml each, read as values."""
