"""The entry of the command line, which Ctrl-C ends in silence from its first line on."""

from __future__ import annotations

import sys

from acquire.cli.exits import INTERRUPTED


def main() -> None:
    """Run a command; what goes wrong is one line on standard error and exit code 2."""
    try:
        from acquire.cli.program import run  # half a second, in which somebody may think better

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
