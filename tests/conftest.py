"""What all tests have in common."""

import os

import structlog

# Tests count drawings, and share two processors.
os.environ.setdefault("RENDERMAP_DRAW_AHEAD_S", "0")

# A trace that shows the values of all variables takes seconds to write, and the service writes none.
structlog.configure(
    [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
