"""What a process and its libraries write to standard error: kept out of the user's terminal.

An SDK may write megabytes there, among which no alarm is seen, or the reason why it ended the
process. With `UNISONO_LOG` set it goes where the engine's own goes, and nothing is kept.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

from acquire.plain_text import plain

KEPT_BYTES: Final = 65_536
SHOWN: Final = 300  # characters


class LastWords:
    """One process's standard error: a file, begun anew once it is long.

    No pipe: what the process has started may hold that open, and would end by its end.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._before = ""  # the last line of what was cut off
        if sys.platform == "win32" or "UNISONO_LOG" in os.environ:
            return
        # By its name once more: who writes is to append, also after it was shortened.
        with suppress(OSError), NamedTemporaryFile() as made:  # else there is no room for it
            self._file = Path(made.name).open("a+b", buffering=0)  # noqa: SIM115 - see `close`

    @property
    def handed(self) -> IO[bytes] | None:
        """What the process is to have as standard error; None: that of this process."""
        return self._file

    def shorten(self) -> None:
        """Begin anew where it has become long; to be called now and then."""
        if self._file is not None and os.fstat(self._file.fileno()).st_size > KEPT_BYTES:
            self._before = _last_line(self._file)  # it may be dying of what it has just written
            self._file.truncate(0)

    def close(self) -> str:
        """Give the last line in it, as words to add to what is said of the process; or nothing."""
        file, self._file = self._file, None
        if file is None:
            return ""
        with file:
            said = _last_line(file) or self._before
        return f"; its last words: {plain(said)[:SHOWN]}" if said else ""


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, os.fstat(file.fileno()).st_size - KEPT_BYTES))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
