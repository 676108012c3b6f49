"""How this program starts itself: one place for all its child processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from acquire.processes.lifeline import Lifeline

NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows: else a child of a program without a console opens one, for a moment or for good."""
OWN_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | NO_WINDOW
"""Windows: out of reach of a Ctrl-C that is meant for the parent."""
KEPT_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextlib.contextmanager
def signals_kept_from_children() -> Iterator[None]:
    """Block the signals that end a program, so that a child started here never gets them.

    A Ctrl-C reaches the whole process group; which part ends when is for the engine to say. A
    blocked signal is inherited and, unlike an ignored one, not lost to this process meanwhile.
    """
    if sys.platform == "win32":  # children are started in a process group of their own there
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, KEPT_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def command(module: str, *arguments: str, console: bool = True) -> list[str]:
    """Say how to run one of this program's modules; `acquire` is the program itself.

    -P keeps the working folder out of the module search: a lab's folder may well hold a
    `devices` or a `recordings` of its own. A bundle is its own Python: it takes the same words,
    and reads them with `ordered`.
    """
    return [program(console=console), "-P", "-m", module, *arguments]


def ordered(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """Read what `command` has written: module and arguments; None: it was not `command`."""
    match words:
        case [_, "-P", "-m", module, *arguments]:
            return module, arguments
    return None


def program(*, console: bool = True) -> str:
    """Name what runs this program: a Python, or the bundle's own executable.

    Windows has two of each: with a console, whose children have standard streams, and one ending
    in `w` that opens no console window, for menus.
    """
    if sys.platform != "win32":
        return sys.executable
    path = Path(sys.executable)
    stem = path.stem.removesuffix("w")
    return str(path.with_stem(stem if console else f"{stem}w"))


def start_child(
    module: str, pipe: Connection, cwd: Path | None, lifeline: Lifeline
) -> subprocess.Popen[bytes]:
    """Start a module with one end of a pipe as its argument, out of reach of Ctrl-C."""
    arguments = command(module, str(pipe.fileno()))
    if sys.platform == "win32":
        info = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [pipe.fileno()]})
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            startupinfo=info,
            close_fds=False,
            creationflags=OWN_GROUP,
        )
    with signals_kept_from_children():
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, **lifeline.handed},
            pass_fds=[pipe.fileno(), *lifeline.inherited],
        )


def pipe_of(handle: int) -> Connection:
    """Open, in the child, its end of the pipe that `start_child` has handed over."""
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)  # type: ignore[return-value]
    return Connection(handle)
