"""The drawing room: programs that read datasets and draw, entered only by a plan."""
