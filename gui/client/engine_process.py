"""The engine that a window starts: a daemon in a session of its own, which outlives the window."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from platformdirs import user_state_path

from acquire.errors import AcquireError
from acquire.own_program import OWN_GROUP, command, program
from gui.texts import tr

LOGS_KEPT = 20


class EngineProcess:
    """One daemon that this window started."""

    def __init__(self, rig: Path, data_dir: Path | None = None) -> None:
        """Start it.

        Raises:
            AcquireError: the program cannot be run.
        """
        # A file, not a pipe: the engine goes on saying things when the window is gone.
        handle, self.log = _new_log()
        arguments = command("acquire", "daemon", str(rig), "--port", "0", "--rcs-port", "0")
        if data_dir is not None:
            arguments += ["--data-dir", str(data_dir)]
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=handle,
                start_new_session=True,
                creationflags=OWN_GROUP,
            )
        except OSError as error:
            raise AcquireError(tr("{}: cannot be run: {}").format(program(), error)) from error
        finally:
            os.close(handle)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    @property
    def url(self) -> str | None:
        """Where it listens; None until it does."""
        lines = self._log_text().splitlines(keepends=True)
        ready = [line for line in lines if line.startswith("ready ") and line.endswith("\n")]
        return ready[0].removeprefix("ready ").strip() if ready else None

    @property
    def error(self) -> str:
        """What it said last: why it ended."""
        lines = self._log_text().strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else tr("it said nothing")

    def _log_text(self) -> str:
        try:
            return self.log.read_text("utf-8", "replace")
        except OSError:
            return ""

    def end(self) -> None:
        """Have it finish and end; does not wait."""
        self._process.send_signal(signal.SIGTERM)

    def forget(self) -> None:
        """Let go of one that goes on without this window."""
        # Else the interpreter warns about a child that still runs; init adopts it.
        self._process.returncode = 0


def logs() -> Path:
    """Return the folder with what the engines of this user's windows said, the last of them."""
    return user_state_path("unisono") / "logs"


def _new_log() -> tuple[int, Path]:
    """Open a new log; where the user's own folder cannot be written, among temporary files."""
    stem = time.strftime("engine-%Y%m%dT%H%M%S-")
    try:
        logs().mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(".log", stem, logs())
    except OSError:
        handle, name = tempfile.mkstemp(".log", f"unisono-{stem}")
    for old in sorted(logs().glob("engine-*.log"))[:-LOGS_KEPT]:
        with contextlib.suppress(OSError):  # on Windows: an engine still writes it
            old.unlink()
    return handle, Path(name)
