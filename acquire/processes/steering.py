"""A child that works in the background and rests while it is told to, over its standard input.

What starts it keeps the other end open: once that is closed, by a crash too, the child ends.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

REST, GO = b"rest\n", b"go\n"
ORPHANED = 3
"""The exit code of a child whose parent has gone."""
_PROGRESS = "read "


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes of how many were read."""

    read: int
    total: int

    def line(self) -> str:
        """Say it to whoever steers."""
        return f"{_PROGRESS}{self.read} {self.total}"

    @staticmethod
    def of_line(line: str) -> Progress | None:
        """Understand a line; None = it is another one."""
        read, _, total = line.removeprefix(_PROGRESS).strip().partition(" ")
        if not line.startswith(_PROGRESS) or not (read.isdecimal() and total.isdecimal()):
            return None
        return Progress(int(read), int(total))


class Steered:
    """The child's end."""

    def __init__(self) -> None:
        """Listen, in a thread, from now on."""
        self._go = threading.Event()
        self._go.set()
        follow(self._rest, lambda: os._exit(ORPHANED))  # there is nobody for whom to go on

    def between(self) -> None:
        """Wait while it has to rest."""
        self._go.wait()

    def _rest(self, resting: bool) -> None:
        if resting:
            self._go.clear()
        else:
            self._go.set()


def follow(rest: Callable[[bool], None], end: Callable[[], None]) -> None:
    """Carry out, in a thread from now on, what the standard input says: rest or go on, and end."""

    def listen() -> None:
        # Unbuffered: a reader that holds a buffer's lock cannot be ended with the interpreter.
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as orders:
            while order := orders.readline():
                if order in (REST, GO):
                    rest(order == REST)
        end()

    threading.Thread(target=listen, name="steering", daemon=True).start()
