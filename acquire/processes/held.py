"""Runs a command of this program, all that it starts too, and holds it still while it is told to.

Orders come over the standard input, as to a `Steered` child. Once that is closed, by a window that
was killed too, the command is ended: nothing that is held still could end by itself. Windows
cannot hold a process still, so there it goes on; that it ends was never run there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from acquire.own_program import NO_WINDOW, command
from acquire.processes.job_object import keep_children
from acquire.processes.steering import follow


class _Held:
    def __init__(self, arguments: Sequence[str]) -> None:
        # A group for a signal to all of it; in our session, so that the system lets it go on (and
        # ends it) should we be killed ourselves.
        self._process = subprocess.Popen(
            command("acquire", *arguments),
            stdin=subprocess.DEVNULL,
            creationflags=NO_WINDOW,
            process_group=None if sys.platform == "win32" else 0,
        )

    def rest(self, resting: bool) -> None:
        """Hold it still, or let it go on."""
        if sys.platform != "win32":
            self._tell(signal.SIGSTOP if resting else signal.SIGCONT)

    def end(self) -> None:
        """End it; on Windows what it has started ends with this process, in its job."""
        if sys.platform != "win32":
            self._tell(signal.SIGKILL)
        else:
            self._process.kill()

    def wait(self) -> int:
        """Wait for its end, and give its exit code."""
        return self._process.wait()

    def _tell(self, number: int) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has just ended
                os.killpg(self._process.pid, number)


def main() -> None:
    """Run what the command line says, and end with its exit code."""
    keep_children()
    held = _Held(sys.argv[1:])
    follow(held.rest, held.end)
    code = held.wait()
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
