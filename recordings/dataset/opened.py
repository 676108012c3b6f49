"""The sessions of a study that are open."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recordings.dataset.signals import Reader, Wanted, readers
from recordings.read.session import Session, open_session

KEPT: Final = 2
"""Sessions that are kept open: each holds the times of its samples in memory."""


@dataclass(slots=True)
class _One:
    session: Session
    readers: dict[str, Reader] = field(default_factory=dict)


class Opened:
    """Opens sessions when they are asked for, and closes those that were not for longest.

    A copy for another process is empty, and a fork takes none over: each opens its own.
    """

    def __init__(self, signals: Mapping[str, Wanted]) -> None:
        self._signals = dict(signals)
        self._kept: OrderedDict[Path, _One] = OrderedDict()
        self._parents: OrderedDict[Path, _One] = OrderedDict()
        self._process = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        empty = {name: OrderedDict[Path, _One]() for name in ("_kept", "_parents")}
        return self.__dict__ | empty

    def __len__(self) -> int:
        return len(self._kept)

    def session(self, path: Path) -> Session:
        """Return a session, open.

        Raises:
            RecordingError: it cannot be opened.
        """
        return self._one(path).session

    def readers(self, path: Path) -> dict[str, Reader]:
        """Return what reads the signals of a session.

        Raises:
            RecordingError: it cannot be opened, or has no such signals.
        """
        one = self._one(path)
        if not one.readers:
            one.readers = readers(one.session, self._signals)
        return one.readers

    def _one(self, path: Path) -> _One:
        if self._process != os.getpid():
            # A fork: it has the threads of no decoder, and the place in each open video is one for
            # both, so that they read each other's frames. Nothing of it is closed here either.
            self._parents, self._kept = self._kept, OrderedDict()
            self._process = os.getpid()
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        while len(self._kept) >= KEPT:
            self._kept.popitem(last=False)[1].session.close()
        self._kept[path] = _One(open_session(path))
        return self._kept[path]

    def close(self) -> None:
        """Close all; what is asked for later is opened again."""
        while self._kept:
            self._kept.popitem()[1].session.close()
