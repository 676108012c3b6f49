"""Texts as servers send them; labels of channels become unique and such as can be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def unique_labels(labels: Iterable[str]) -> Iterator[str]:
    """Yield labels without control characters; an empty one is its number, a second one is told."""
    last: dict[str, int] = {}  # the number that each has come to: thousands may be called alike
    for number, raw in enumerate(labels, 1):
        label = "".join(c for c in raw if c.isprintable()).strip()[:64] or str(number)
        free, k = label, last.get(label, 1)
        while free in last:
            k += 1
            free = f"{label}_{k}"
        last[label] = k
        last.setdefault(free, 1)
        yield free


def text_of(raw: bytes) -> str:
    """Read UTF-8; older programs, and what they were told, write Windows' western page."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
