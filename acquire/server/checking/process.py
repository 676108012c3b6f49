"""One check of one session, in a process of its own, idle for processor and disk."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
from pathlib import Path

from acquire.own_program import OWN_GROUP, command
from acquire.processes.child import signals_kept_from_children
from acquire.processes.steering import GO, REST, Progress
from recordings.certificate import Report

FIRST_STEP = "--first-step"
"""Leaves the contents of the files out."""


class CheckProcess:
    """Runs from the beginning; `kill` it, or wait until `has_ended`, and take the result.

    Nobody waits for it without a limit: it may rest for as long as a recording runs.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        self.folder = folder
        self.progress: Progress | None = None  # None: no contents are being read
        self._rests = False
        self._last = ""  # its last line: the report
        # A file, not a pipe: nobody has to read it while the process runs.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        order = command("acquire", "check", "--json", "--idle", "--steered", *options, str(folder))
        with signals_kept_from_children():
            self._process = subprocess.Popen(
                order,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                creationflags=OWN_GROUP,
            )
        # A thread reads, so that a long report cannot fill the pipe and stop the check.
        self._reader = threading.Thread(target=self._read, name="check output", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for data in self._process.stdout:
            line = data.decode("utf-8", "replace")
            if (progress := Progress.of_line(line)) is not None:
                self.progress = progress
            else:
                self._last = line

    @property
    def can_rest(self) -> bool:
        """Whether it is reading contents: all else it does cannot be interrupted, only ended."""
        return self.progress is not None and self.progress.read < self.progress.total

    def has_ended(self, timeout_s: float) -> bool:
        """Wait for its end."""
        self._reader.join(timeout_s)  # it ends with the process, whose children hold no pipe
        return not self._reader.is_alive()

    def rest(self, resting: bool) -> None:
        """Have it rest, or go on."""
        if resting == self._rests:
            return
        self._rests = resting
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has just ended
            self._process.stdin.write(REST if resting else GO)
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once: what it has read of whole files is kept on the disk."""
        self._process.kill()
        self._close()

    def result(self) -> Report | str:
        """Give the report of one that has ended, or say why there is none."""
        code = self._process.wait()
        self._errors.seek(0)
        error = self._errors.read().decode("utf-8", "replace").strip().removeprefix("error: ")
        self._close()
        try:
            return Report.model_validate_json(self._last)
        except ValueError:
            return error or f"{self.folder}: the check ended with exit code {code}"

    def _close(self) -> None:
        self._reader.join()  # it reads the output, which is closed below
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            assert file is not None
            with contextlib.suppress(OSError):  # an order that nobody took any more
                file.close()
