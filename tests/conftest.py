"""What all tests have in common."""

import os

# Tests count drawings, and share two processors.
os.environ.setdefault("RENDERMAP_DRAW_AHEAD_S", "0")
