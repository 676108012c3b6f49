"""Text that can be written, sent and shown anywhere, whoever it came from."""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT: Final = 2000
_SPACE: Final = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNFIT: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)


def plain(text: str) -> str:
    """Give a driver's words, or the name of a stream, as a line of at most `MAX_TEXT` characters.

    A lone surrogate has no UTF-8, U+FFFE and U+FFFF are in no XML, a control character may command
    a terminal, and one that turns the direction of writing may show a line as another one.
    """
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "…"
    return _UNFIT.sub("\ufffd", _SPACE.sub(" ", text))


_LONG_WORD: Final = re.compile(r"\S{301,}")


def told(error: object) -> str:
    """Give what an error says as one line, whatever the argument is that it repeats.

    Words of more than 300 characters are cut, as they are no words of ours, and the middle of a
    text of more than `MAX_TEXT`: what went wrong is at its beginning, the remedy at its end.
    """
    text = _UNFIT.sub(_escaped, " ".join(str(error).split()))
    text = _LONG_WORD.sub(lambda word: f"{word[0][:200]}…{word[0][-60:]}", text)
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 600].rstrip()} … {text[-500:].lstrip()}"
    return text


def _escaped(sign: re.Match[str]) -> str:
    return sign[0].encode("unicode_escape").decode()


def room(count: int) -> str:
    """Write how much is free so that little is not nothing: 67 GB, 2.3 GB, 350 MB."""
    if count < 1e9:
        return f"{count / 1e6:,.0f} MB"
    return f"{count / 1e9:,.{1 if count < 1e10 else 0}f} GB"
