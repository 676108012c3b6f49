"""Which key does what in the review. A pane sees each key first; what is not here is left to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_K = Qt.Key
_PLAIN = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier


class Command(StrEnum):
    """What the window does on a key."""

    NEXT_FRAME = "next-frame"
    PREVIOUS_FRAME = "previous-frame"
    NEXT_TEN = "next-ten"
    PREVIOUS_TEN = "previous-ten"
    NEXT_SECOND = "next-second"
    PREVIOUS_SECOND = "previous-second"
    FIRST = "first"
    LAST = "last"
    PLAY = "play"
    SHUTTLE_BACK = "shuttle-back"
    SHUTTLE_STOP = "shuttle-stop"
    SHUTTLE_ON = "shuttle-on"
    FASTER = "faster"
    SLOWER = "slower"
    NEXT_EVENT = "next-event"
    PREVIOUS_EVENT = "previous-event"
    BOUNDARY_EARLIER = "boundary-earlier"
    BOUNDARY_LATER = "boundary-later"
    SELECT_FROM = "select-from"
    SELECT_TO = "select-to"
    LOOP = "loop"
    DESELECT = "deselect"
    PIN = "pin"
    FLICKER = "flicker"
    DIFFERENCE = "difference"
    GHOST = "ghost"
    BESIDE = "beside"
    PLAIN = "plain"
    FACE = "face"
    WHOLE = "whole"
    LONGER = "longer"
    SHORTER = "shorter"
    LARGER = "larger"
    SMALLER = "smaller"


COMMANDS: Final = {
    (_K.Key_Right, _PLAIN): Command.NEXT_FRAME,
    (_K.Key_Left, _PLAIN): Command.PREVIOUS_FRAME,
    (_K.Key_Right, _SHIFT): Command.NEXT_TEN,
    (_K.Key_Left, _SHIFT): Command.PREVIOUS_TEN,
    (_K.Key_Right, _CONTROL): Command.NEXT_SECOND,
    (_K.Key_Left, _CONTROL): Command.PREVIOUS_SECOND,
    (_K.Key_Home, _PLAIN): Command.FIRST,
    (_K.Key_End, _PLAIN): Command.LAST,
    (_K.Key_Space, _PLAIN): Command.PLAY,
    (_K.Key_J, _PLAIN): Command.SHUTTLE_BACK,
    (_K.Key_K, _PLAIN): Command.SHUTTLE_STOP,
    (_K.Key_L, _PLAIN): Command.SHUTTLE_ON,
    (_K.Key_PageUp, _PLAIN): Command.FASTER,
    (_K.Key_PageDown, _PLAIN): Command.SLOWER,
    (_K.Key_Tab, _PLAIN): Command.NEXT_EVENT,
    (_K.Key_Backtab, _SHIFT): Command.PREVIOUS_EVENT,
    (_K.Key_Comma, _PLAIN): Command.BOUNDARY_EARLIER,
    (_K.Key_Period, _PLAIN): Command.BOUNDARY_LATER,
    (_K.Key_BracketLeft, _PLAIN): Command.SELECT_FROM,
    (_K.Key_BracketRight, _PLAIN): Command.SELECT_TO,
    (_K.Key_Backslash, _PLAIN): Command.LOOP,
    (_K.Key_Escape, _PLAIN): Command.DESELECT,
    (_K.Key_N, _PLAIN): Command.PIN,
    (_K.Key_F, _PLAIN): Command.FLICKER,
    (_K.Key_D, _PLAIN): Command.DIFFERENCE,
    (_K.Key_G, _PLAIN): Command.GHOST,
    (_K.Key_B, _PLAIN): Command.BESIDE,
    (_K.Key_P, _PLAIN): Command.PLAIN,
    (_K.Key_Z, _PLAIN): Command.FACE,
    (_K.Key_W, _PLAIN): Command.WHOLE,
    (_K.Key_Minus, _PLAIN): Command.LONGER,
    (_K.Key_Plus, _PLAIN): Command.SHORTER,
    (_K.Key_Equal, _PLAIN): Command.SHORTER,
    (_K.Key_Up, _PLAIN): Command.LARGER,
    (_K.Key_Down, _PLAIN): Command.SMALLER,
}

HELD: Final = frozenset(
    {
        Command.NEXT_FRAME,
        Command.PREVIOUS_FRAME,
        Command.NEXT_TEN,
        Command.PREVIOUS_TEN,
        Command.NEXT_SECOND,
        Command.PREVIOUS_SECOND,
        Command.NEXT_EVENT,
        Command.PREVIOUS_EVENT,
        Command.BOUNDARY_EARLIER,
        Command.BOUNDARY_LATER,
        Command.LONGER,
        Command.SHORTER,
        Command.LARGER,
        Command.SMALLER,
    }
)
"""What goes on while its key is held; others count once a press."""

SIGNS: Final = frozenset(_K(ord(sign)) for sign in ",.[]\\+-=*/")
"""Keys that a table names by what they type."""
_ALT: Final = Qt.KeyboardModifier.AltModifier
_OF_KEYBOARDS: Final = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier


def pressed(event: QKeyEvent) -> tuple[Qt.Key, Qt.KeyboardModifier]:
    """Give key and modifiers, without those that a keyboard needs to type a sign.

    The full stop is typed with Shift in France, brackets and \\ with AltGr in most of Europe: that
    is Ctrl+Alt on Windows, and Option on a Mac.
    """
    key, modifiers = _K(event.key()), event.modifiers() & ~_OF_KEYBOARDS
    if key in SIGNS:
        modifiers &= ~_SHIFT
        if modifiers & _ALT and event.text() == chr(key):
            modifiers &= ~(_ALT | _CONTROL)
    return key, modifiers


def command_of(event: QKeyEvent) -> Command | None:
    """Give what a key does; None where the review has no use for it."""
    found = COMMANDS.get(pressed(event))
    return None if found is not None and event.isAutoRepeat() and found not in HELD else found
