"""Which key does what while coding. The pane sees each key first; what is not here is the review's.

Keys of a line that is open (action units, emotion, note, reason) are its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from gui.review.keys import Command, pressed

_K = Qt.Key
_PLAIN = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_PAD = Qt.KeyboardModifier.KeypadModifier

KeyTable = Literal["unisono", "datavyu", "boris"]


class Deed(StrEnum):
    """What the pane does on a key."""

    BEGIN = "begin"
    BEGIN_OR_END = "begin-or-end"
    ONSET = "onset"
    APEX = "apex"
    OFFSET = "offset"
    NO_OFFSET = "no-offset"
    TO_ONSET = "to-onset"
    TO_APEX = "to-apex"
    TO_OFFSET = "to-offset"
    EARLIER = "earlier"
    LATER = "later"
    DELETE = "delete"
    KIND = "kind"
    CONFIDENCE = "confidence"
    UNITS = "units"
    EMOTION = "emotion"
    NOTE = "note"
    UNDO = "undo"
    REDO = "redo"
    NEXT = "next"
    PREVIOUS = "previous"
    SELECT = "select"
    LOOKED = "looked"
    NOT_LOOKED = "not-looked"
    NOT_CODABLE = "not-codable"
    CODABLE = "codable"
    NEXT_UNCODED = "next-uncoded"
    NEXT_SUGGESTION = "next-suggestion"
    USE_SUGGESTION = "use-suggestion"


HELD: Final = frozenset({Deed.EARLIER, Deed.LATER, Deed.NEXT, Deed.PREVIOUS, Deed.UNDO, Deed.REDO})
"""What goes on while its key is held; others count once a press."""

DEEDS: Final = {
    (_K.Key_Return, _PLAIN): Deed.BEGIN,
    (_K.Key_Enter, _PLAIN): Deed.BEGIN,
    (_K.Key_I, _PLAIN): Deed.ONSET,
    (_K.Key_A, _PLAIN): Deed.APEX,
    (_K.Key_O, _PLAIN): Deed.OFFSET,
    (_K.Key_Q, _PLAIN): Deed.NO_OFFSET,
    (_K.Key_I, _SHIFT): Deed.TO_ONSET,
    (_K.Key_A, _SHIFT): Deed.TO_APEX,
    (_K.Key_O, _SHIFT): Deed.TO_OFFSET,
    (_K.Key_Comma, _PLAIN): Deed.EARLIER,
    (_K.Key_Period, _PLAIN): Deed.LATER,
    (_K.Key_Delete, _PLAIN): Deed.DELETE,
    (_K.Key_M, _PLAIN): Deed.KIND,
    (_K.Key_C, _PLAIN): Deed.CONFIDENCE,
    (_K.Key_V, _PLAIN): Deed.UNITS,
    (_K.Key_E, _PLAIN): Deed.EMOTION,
    (_K.Key_T, _PLAIN): Deed.NOTE,
    (_K.Key_Z, _CONTROL): Deed.UNDO,
    (_K.Key_Z, _CONTROL | _SHIFT): Deed.REDO,
    (_K.Key_Y, _CONTROL): Deed.REDO,
    (_K.Key_Tab, _PLAIN): Deed.NEXT,
    (_K.Key_Backtab, _SHIFT): Deed.PREVIOUS,
    (_K.Key_R, _PLAIN): Deed.SELECT,
    (_K.Key_S, _PLAIN): Deed.LOOKED,
    (_K.Key_S, _SHIFT): Deed.NOT_LOOKED,
    (_K.Key_X, _PLAIN): Deed.NOT_CODABLE,
    (_K.Key_X, _SHIFT): Deed.CODABLE,
    (_K.Key_U, _PLAIN): Deed.NEXT_UNCODED,
    (_K.Key_H, _PLAIN): Deed.NEXT_SUGGESTION,
    (_K.Key_Y, _PLAIN): Deed.USE_SUGGESTION,
}

_Bound = Deed | Command

_DATAVYU: Final[dict[tuple[Qt.Key, Qt.KeyboardModifier], _Bound]] = {
    (_K.Key_0, _PAD): Deed.BEGIN,
    (_K.Key_1, _PAD): Command.PREVIOUS_FRAME,
    (_K.Key_2, _PAD): Command.SHUTTLE_STOP,
    (_K.Key_3, _PAD): Command.NEXT_FRAME,
    (_K.Key_4, _PAD): Command.SHUTTLE_BACK,
    (_K.Key_5, _PAD): Command.SHUTTLE_STOP,
    (_K.Key_6, _PAD): Command.SHUTTLE_ON,
    (_K.Key_7, _PAD): Deed.ONSET,
    (_K.Key_8, _PAD): Command.PLAY,
    (_K.Key_9, _PAD): Deed.OFFSET,
    (_K.Key_Plus, _PAD): Command.PREVIOUS_SECOND,
}
_BORIS: Final[dict[tuple[Qt.Key, Qt.KeyboardModifier], _Bound]] = {
    (_K.Key_Return, _PLAIN): Deed.BEGIN_OR_END,
    (_K.Key_Enter, _PLAIN): Deed.BEGIN_OR_END,
    (_K.Key_Slash, _PLAIN): Command.PREVIOUS_FRAME,
    (_K.Key_Asterisk, _PLAIN): Command.NEXT_FRAME,
    (_K.Key_Up, _PLAIN): Command.NEXT_SECOND,
    (_K.Key_Down, _PLAIN): Command.PREVIOUS_SECOND,
}
_STEPS: Final = frozenset({Command.PREVIOUS_FRAME, Command.NEXT_FRAME, Command.NEXT_SECOND})
_STEPPED: Final = _STEPS | {Command.PREVIOUS_SECOND}


def bound(event: QKeyEvent, table: KeyTable) -> _Bound | None:
    """Give what a key does in a table of keys; None where the pane has no use for it."""
    at = pressed(event)
    found: _Bound | None = None
    if table == "datavyu" and event.modifiers() == _PAD:
        found = _DATAVYU.get((at[0], _PAD))
    if table == "boris":
        found = _BORIS.get(at)
    found = found or DEEDS.get(at)
    if event.isAutoRepeat() and found is not None and found not in HELD | _STEPPED:
        return None
    return found


def digit(event: QKeyEvent, table: KeyTable) -> str:
    """Give the digit that a key types alone, else ""; the number pad of Datavyu types none."""
    if table == "datavyu" and event.modifiers() & _PAD:
        return ""
    text = event.text()
    plain = event.modifiers() & ~(_PAD | _SHIFT) == _PLAIN  # with Shift: on a French keyboard
    return text if plain and text.isascii() and text.isdigit() else ""
