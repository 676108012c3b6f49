"""What a command that takes a while says meanwhile, on standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from acquire.lsl.clock import local_clock

if TYPE_CHECKING:
    from acquire.engine.engine import Engine
    from acquire.engine.stop_signals import Stopper

REFRESH_S = 0.5
IDLE_S = 60.0
"""How often it looks at the clock where nobody sees a line."""


@contextlib.contextmanager
def perhaps_unheard() -> Iterator[None]:
    """Say something, or go on where nobody is there any more.

    A terminal was closed, or Ctrl-C has ended the `tee` behind the pipe as well: that must not
    cost the recording its end, its report and its exit code.
    """
    try:
        yield
    except (OSError, SystemExit):  # rich ends the program where it finds a broken pipe
        for stream in (sys.stdout, sys.stderr):
            _drop_unsaid(stream)


def _drop_unsaid(stream: TextIO) -> None:
    """Send what cannot be written nowhere, or Python tries again at its end and exits with 120."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def warn(text: str) -> None:
    """Write one line on standard error, at once."""
    with perhaps_unheard():
        print(text, file=sys.stderr, flush=True)  # noqa: T201


class Progress:
    """One line that is written again and again on a terminal; plain lines elsewhere."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._live = enabled and sys.stderr.isatty()
        # Events are printed by their own threads, amid the line that is written again and again.
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Write a line that stays."""
        with self._lock:
            warn(f"\r\x1b[K{text}" if self._live else text)

    def _draw(self, text: str) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            with self._lock, perhaps_unheard():
                sys.stderr.write("\r\x1b[K" + text[:width])
                sys.stderr.flush()

    @contextlib.contextmanager
    def spinner(self, text: str) -> Iterator[None]:
        """Say what is being waited for."""
        self._draw(text + "…")
        try:
            yield
        finally:
            self._draw("")

    def watch(self, engine: Engine, stopper: Stopper, end: float) -> None:
        """Show the recording until it is to end, at LSL time `end` or before."""
        start = local_clock()
        look_s = REFRESH_S if self._live else IDLE_S
        while not stopper.wait_until(min(end, local_clock() + look_s)):
            now = local_clock()
            if now >= end - REFRESH_S / 5:
                break
            if self._live:
                self._draw(_describe(engine, now - start))
        self._draw("")


class Percent:
    """How far something long is: again and again on a terminal; elsewhere a line a percent."""

    def __init__(self, what: str) -> None:
        self._what, self._told = what, -1

    def tell(self, done: int, total: int) -> None:
        """Say it, where it has changed."""
        percent = 100 * done // total if total else 100
        if percent == self._told:
            return
        self._told = percent
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self._what}: {percent} %" + ("\n" if percent == 100 else ""))
            sys.stderr.flush()
        else:
            warn(f"{self._what}: {percent} %")


def _describe(engine: Engine, seconds: float) -> str:
    streams = engine.status.streams
    minutes, rest = divmod(int(seconds), 60)
    lost = sum(s.lost for s in streams)
    silent = sum(not s.connected for s in streams)
    text = f"● {minutes:02d}:{rest:02d}  {len(streams)} streams  {lost} lost"
    return text + (f"  ▲ {silent} away" if silent else "") + "  (Ctrl-C stops)"
