"""`unisono` as users run it: a program with files, signals and exit codes."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import pytest

TIMEOUT_S = 120.0
"""Nothing here takes so long, even on a loaded machine: more than this is a hang."""
LOOK_S = 90.0
"""How long a recording waits for its rig where a test does not say: a device that is there in two
seconds is there in twenty where the machine is loaded."""

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals: not tried on Windows")


def wait_for(
    condition: Callable[[], object], timeout_s: float = TIMEOUT_S, what: str = "condition"
) -> None:
    """Wait until `condition` holds, or fail."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.01)


def unique(stem: str) -> str:
    """Give a name that no other test uses."""
    return f"{stem}-{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True)
class Result:
    """How the program ended, and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The object in the last line of standard output."""
        answer: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return answer

    @property
    def session(self) -> Path:
        """The session's folder."""
        return Path(self.json["session"])

    @property
    def error(self) -> str:
        """The last line of standard error."""
        return self.stderr.rstrip("\n").rsplit("\n", 1)[-1]


class Unisono:
    """One run of the program, in a process group of its own, as a terminal starts it."""

    def __init__(
        self,
        *arguments: str | Path,
        folder: Path,
        cwd: Path | None = None,
        prefix: Sequence[str] = (),
        preexec: Callable[[], None] | None = None,
    ) -> None:
        self._out = folder / f"{unique('program')}.out"
        self._err = self._out.with_suffix(".err")
        command = [sys.executable, "-c", "from acquire.cli.main import main; main()"]
        if arguments[0] == "record" and "--wait" not in arguments:
            arguments = (*arguments, "--wait", str(LOOK_S))
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*prefix, *command, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=preexec,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kill(self.tree())
        self.process.wait()
        assert self.process.stdin
        self.process.stdin.close()
        if kind is None:
            assert not re.search(r"\w+Warning: ", self.stderr), self.stderr  # Python's own

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._err.read_text()

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self._out.read_text()

    def wait_for_line(self, line: str = "recording", timeout_s: float = TIMEOUT_S) -> None:
        """Wait for a line of its own on standard error."""
        deadline = time.monotonic() + timeout_s
        while True:
            ended = self.process.poll() is not None  # first: it may say the line and end at once
            if line in self.stderr.splitlines():
                return
            assert not ended, f"ended before {line!r}: {self.stderr}"
            assert time.monotonic() < deadline, f"no {line!r} in {timeout_s:g} s: {self.stderr}"
            time.sleep(0.01)

    def say(self, text: str) -> None:
        """Type something."""
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def close_stdin(self) -> None:
        """End its standard input."""
        assert self.process.stdin
        self.process.stdin.close()

    def ctrl_c(self) -> None:
        """Press Ctrl-C: SIGINT to every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def stop(self) -> Result:
        """Have it stop, and wait."""
        self.say("stop\n")
        return self.wait()

    def tree(self) -> list[psutil.Process]:
        """List it and every process that it has started."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait(self, timeout_s: float = TIMEOUT_S) -> Result:
        """Wait for its end."""
        code = self.process.wait(timeout_s)
        return Result(code, self.stdout, self.stderr)


def unisono(*arguments: str | Path, folder: Path, cwd: Path | None = None) -> Result:
    """Run the program to its end."""
    with Unisono(*arguments, folder=folder, cwd=cwd) as program:
        return program.wait()


def module_of(process: psutil.Process) -> str:
    """Give the module that `python -m` was asked to run, or an empty string."""
    with contextlib.suppress(psutil.Error):
        line = process.cmdline()
        if "-m" in line:
            return line[line.index("-m") + 1]
    return ""


def alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """List those that still run; a zombie does not."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kill -9."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def write_rig(folder: Path, text: str) -> Path:
    """Write a rig file."""
    path = folder / "rig.toml"
    path.write_text(text)
    return path


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@contextlib.contextmanager
def no_complaint(logger: str) -> Iterator[None]:
    """Fail where a library warns, by the warnings module or in its log."""
    handler = _Complaints()
    log = logging.getLogger(logger)
    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        log.removeHandler(handler)
    assert not handler.found, handler.found


@dataclass(frozen=True)
class Loaded:
    """One stream, as pyxdf gives it."""

    raw: dict[str, Any]

    @property
    def id(self) -> int:
        return int(self.raw["info"]["stream_id"])

    @property
    def name(self) -> str:
        return str(self.raw["info"]["name"][0])

    @property
    def stamps(self) -> Any:
        return self.raw["time_stamps"]

    @property
    def data(self) -> Any:
        return self.raw["time_series"]

    @property
    def strings(self) -> list[str]:
        return [row[0] for row in self.raw["time_series"]]

    @property
    def footer(self) -> dict[str, Any]:
        return dict(self.raw["footer"]["info"])

    @property
    def footer_count(self) -> int:
        return int(self.footer["sample_count"][0])

    @property
    def labels(self) -> list[str]:
        return [c["label"][0] for c in self._channels]

    @property
    def units(self) -> list[str]:
        return [c.get("unit", [""])[0] for c in self._channels]

    @property
    def _channels(self) -> list[Any]:
        return list(self.raw["info"]["desc"][0]["channels"][0]["channel"])

    @property
    def clock_times(self) -> list[float]:
        return list(self.raw["clock_times"])

    @property
    def clock_values(self) -> list[float]:
        return list(self.raw["clock_values"])


def load_all(path: Path, *, corrected: bool = False, strict: bool = True) -> list[Loaded]:
    """Load with pyxdf, raw unless `corrected`; a warning of any kind is an error if `strict`."""
    import pyxdf

    with no_complaint("pyxdf.pyxdf") if strict else contextlib.nullcontext():
        streams, _ = pyxdf.load_xdf(
            str(path),
            synchronize_clocks=corrected,
            handle_clock_resets=corrected,
            dejitter_timestamps=False,
        )
    return [Loaded(stream) for stream in streams]


def load(path: Path, *, corrected: bool = False) -> dict[str, Loaded]:
    """Load with pyxdf by stream name; names must be unique."""
    streams = load_all(path, corrected=corrected)
    named = {stream.name: stream for stream in streams}
    assert len(named) == len(streams), sorted(s.name for s in streams)
    return named


def events_of(session: Path) -> list[dict[str, Any]]:
    """Give the events in the manifest."""
    found: list[dict[str, Any]] = json.loads((session / "session.json").read_text())["events"]
    return found


def event_codes(session: Path, source: str | None = None) -> list[str]:
    """Give the codes of the events in the manifest, in order."""
    return [e["code"] for e in events_of(session) if source in (None, e["source"])]
