"""Fill: a solid inside."""
