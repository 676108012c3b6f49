"""Trigger codes in markers: the rule for what has been recorded.

`devices.marker_codes.code_of` is the same rule for what is live; neither package may know the other
(docs/adr/0012-one-rule-for-codes.md), and a test holds the two to each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?\s*")
_MOST: Final = 1 << 53
"""What a number of a marker holds exactly, whatever it was sent as."""


def text_of(value: Any) -> str:
    """Return a marker as text: bytes that are no UTF-8 as Windows' western page.

    So two texts never become one for it, as they would with the replacement character.
    """
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def is_number(text: str) -> bool:
    """Whether a text is a number and nothing else, as `101`, `111.000` or `1e3`."""
    return _NUMBER.fullmatch(text) is not None


def code_of(value: Any) -> int | None:
    """Return the code of one marker, None where it has none.

    A marker is a number, the text of a number (MATLAB writes `111.0000000000000`), or JSON text
    with the key `code`. What is not whole is no code.
    """
    if isinstance(value, bytes):
        value = text_of(value)
    if isinstance(value, str) and value.lstrip()[:1] in ("{", '"'):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping):
        value = value.get("code")
    if isinstance(value, bool) or (isinstance(value, str) and not is_number(value)):
        return None
    try:
        number = float(value)
        code = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return code if code == number and abs(code) < _MOST else None
