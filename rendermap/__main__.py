"""`python -m rendermap`, and `rendermap`, are the command line."""

import sys

STOPPED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main() -> None:
    """The command line; Ctrl-C while it is still being loaded, which takes a second, ends it without a word of Python's."""
    try:
        from rendermap.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
