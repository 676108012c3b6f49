"""Child processes that are met over a pipe: out of reach of Ctrl-C, and how they find its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from acquire.own_program import OWN_GROUP, command
from acquire.processes.last_words import LastWords
from acquire.processes.lifeline import Lifeline, keep_lifeline

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


def start_child(
    module: str, pipe: Connection, cwd: Path | None, lifeline: Lifeline, words: LastWords
) -> subprocess.Popen[bytes]:
    """Start a module with one end of a pipe as its argument, out of reach of Ctrl-C.

    Its standard output is nobody's: this process may be writing JSON there.
    """
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
            stderr=words.handed,
            cwd=cwd,
            env={**os.environ, **lifeline.handed},
            pass_fds=[pipe.fileno(), *lifeline.inherited],
        )


def pipe_of(handle: int) -> Connection:
    """Open, in the child, its end of the pipe that `start_child` has handed over.

    It is this process's alone: whatever a driver starts or forks may live on, and whoever is at the
    other end would wait for its end as well.
    """
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)  # type: ignore[return-value]
    pipe = Connection(handle)
    os.set_inheritable(handle, False)
    os.register_at_fork(after_in_child=pipe.close)
    keep_lifeline()
    return pipe
