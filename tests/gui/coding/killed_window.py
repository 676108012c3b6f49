"""Review windows whose coders are killed: the real command, typed into by itself.

python -m tests.gui.coding.killed_window

Each line of standard input is a round: `[seed, [words of the command]]` as JSON. A child is forked
for it, which has imported everything already, and says its process id; then, after each key, how
many entries the coder's file has and a digest of what the window takes it to say. At the end of a
child the program says `ended`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Iterator

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtTest import QTest

import gui.coding.app  # noqa: F401  # before a child is forked
from acquire.cli.main import main as unisono
from gui.review import app
from gui.review.window import ReviewWindow
from recordings.annotation.model import Coding
from recordings.annotation.store import CodingStore
from tests.gui.coding.coding import CONTROL, PLAIN, SHIFT

K = Qt.Key
Key = tuple[Qt.Key, Qt.KeyboardModifier]
MOVES: tuple[Key, ...] = (
    *((K.Key_Right, PLAIN), (K.Key_Left, PLAIN), (K.Key_Right, SHIFT), (K.Key_Left, SHIFT)),
    *((K.Key_Right, CONTROL), (K.Key_Left, CONTROL), (K.Key_Home, PLAIN), (K.Key_Tab, PLAIN)),
)
CODES = (
    *("\r", "i", "a", "o", "q", "m", "c", ",", ".", "s", "u", "ehap\r\x1b", "esu\r\x1b"),
    *("4B+L12\r\x1b", "vR14\r\x1b", "1+2\r\x1b", "tleft first\r", "xbl\r\x1b"),
)
DECIDES = ("1", "2", "0", "3", "u", "3m", "3v+25\r\x1b")
_KEYS = {"\r": K.Key_Return, "\x1b": K.Key_Escape}


def digest(coding: Coding) -> str:
    """Give what stands for all that a coding says."""
    text = json.dumps(coding.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def keys(seed: int, words: tuple[str, ...]) -> Iterator[Key | str]:
    """Type without end: what is to be done, and back, and elsewhere."""
    chance = random.Random(seed)
    undo: tuple[Key, ...] = ((K.Key_Z, CONTROL), (K.Key_Y, CONTROL), (K.Key_Delete, PLAIN))
    while True:
        yield from chance.choices(MOVES, k=chance.randint(1, 4))
        yield from chance.choice(words)
        if chance.random() < 0.2:
            yield chance.choice(undo)


class TypedWindow(ReviewWindow):
    """The window, and who types into it."""

    seed = 0
    words: tuple[str, ...] = CODES

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Begin to type once it runs."""
        super().showEvent(event)
        self._keys = keys(self.seed, self.words)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._type)
        self._timer.start()

    def _type(self) -> None:
        store: CodingStore = self._pane._desk.store  # type: ignore[union-attr]
        handle, key = self.windowHandle(), next(self._keys)
        # To the window of the system, not to a widget: the way that a keyboard's take.
        if isinstance(key, tuple):
            QTest.keyClick(handle, *key)
        elif key in _KEYS:
            QTest.keyClick(handle, _KEYS[key])
        else:
            QTest.keyClick(handle, ord(key))
        os.write(1, b"%d %s\n" % (store.entries, digest(store.coding).encode()))


def child(seed: int, words: list[str]) -> None:
    """Be the program."""
    TypedWindow.seed = seed
    TypedWindow.words = DECIDES if "--arbitrate" in words else CODES
    app.ReviewWindow = TypedWindow  # type: ignore[attr-defined]
    sys.argv = ["unisono", *words]
    unisono()


def main() -> None:
    for line in sys.stdin:
        seed, words = json.loads(line)
        if (pid := os.fork()) == 0:
            os.write(1, b"%d\n" % os.getpid())
            child(seed, words)
            os._exit(0)
        os.waitpid(pid, 0)
        os.write(1, b"ended\n")


if __name__ == "__main__":
    main()
