"""How a tool's layers look: styles as values, read from layer files and fitted to each result."""
