"""One order at a time, in the order of their coming."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from acquire.errors import ControlError

TURN_S: Final = 60.0
"""How long a caller waits for its turn: more than the longest stop takes."""


class Turn:
    """Whose order is carried out: an engine is not asked to start and to stop at once.

    Never held while a check runs or a split's first take is closed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and keep it.

        Raises:
            ControlError: others keep the engine busy.
        """
        if not self._lock.acquire(timeout=TURN_S):
            raise ControlError(f"busy for {TURN_S:g} s with what others asked for; try again")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Wait however long it takes: what ends a recording is not turned away."""
        with self._lock:
            yield
