"""Names of files after streams, whose names are anybody's: `../x`, `a/b`, two of one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 100
"""Bytes of UTF-8: a name of a file has 255 at most."""
# Letters of any script stay; what a path or a shell would take for something else goes.
_OTHER: Final = re.compile(r"[^\w.-]+")


def _cut(stem: str) -> str:
    """Return what of a stem fits into a file's name, beside all that is before and after it."""
    return stem.encode()[:LONGEST].decode(errors="ignore")


def file_stems(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a stem for the file of each name: never hidden, never a path, no two alike.

    Stems that differ in case alone are alike: macOS and Windows would write one file.
    """
    used = {stem.casefold() for stem in taken}
    out: list[str] = []
    for name in names:
        base = _OTHER.sub("-", unicodedata.normalize("NFC", name)).strip(".-")
        base = _cut(base).rstrip(".-") or "stream"
        stem, count = base, 1
        while stem.casefold() in used:
            count += 1
            stem = f"{base}-{count}"
        used.add(stem.casefold())
        out.append(stem)
    return out
