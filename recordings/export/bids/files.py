"""Names and side files of BIDS."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.disk.regular import read_text

BIDS_VERSION: Final = "1.11.1"


@dataclass(frozen=True, slots=True)
class Names:
    """The entities of one session's files."""

    participant: str
    session: str
    task: str
    run: int
    datatype: str = "beh"

    def of_type(self, datatype: str) -> Names:
        """Return the names in another data type's folder."""
        return replace(self, datatype=datatype)

    @property
    def subject(self) -> str:
        """`sub-01`."""
        return f"sub-{self.participant}"

    @property
    def session_label(self) -> str:
        """`ses-01`."""
        return f"ses-{self.session}"

    @property
    def entities(self) -> dict[str, str]:
        """As mne-bids takes them."""
        return {
            "subject": self.participant,
            "session": self.session,
            "task": self.task,
            "run": f"{self.run:02d}",
        }

    def path(self, root: Path, suffix: str, recording: str = "") -> Path:
        """Return the path of a file; its folder is made."""
        parent = root / self.subject / self.session_label / self.datatype
        parent.mkdir(parents=True, exist_ok=True)
        middle = f"_recording-{label(recording)}" if recording else ""
        stem = f"{self.subject}_{self.session_label}_task-{self.task}_run-{self.run:02d}"
        return parent / f"{stem}{middle}_{suffix}"


def label(text: str) -> str:
    """Return text as a BIDS label: letters and digits."""
    return re.sub("[^A-Za-z0-9]+", "", text) or "x"


def column_names(labels: tuple[str, ...]) -> list[str]:
    """Return column names of letters, digits and `_`, each once, beginning with a letter."""
    out: dict[str, None] = {}
    counts: dict[str, int] = {}
    for text in labels:
        name = re.sub("[^A-Za-z0-9]+", "_", text).strip("_").lower() or "channel"
        name = name if name[0].isalpha() else f"c{name}"
        base = name
        while name in out:
            counts[base] = counts.get(base, 1) + 1
            name = f"{base}_{counts[base]}"
        out[name] = None
    return list(out)


def write_json(path: Path, fields: Mapping[str, Any], update: bool = False) -> None:
    """Write a JSON file; with `update`, over what it says already."""
    known = json.loads(read_text(path)) if update and path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**known, **fields}, indent=2) + "\n", encoding="utf-8")


_EXACT: Final = {"f4": "%.9g", "f8": "%r"}
"""By which a value of a type is read back as the very same; integers are written whole."""


def write_tsv_gz(
    path: Path,
    pieces: Iterable[tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]],
    digits: str = "",
) -> None:
    """Write numbers as a compressed table without a head.

    Args:
        path: the file.
        pieces: rows, shape (n, columns), and which of them, shape (n,), are missing: n/a there.
        digits: a format; else every value as exactly as its type holds it. n/a for NaN.
    """
    with (
        path.open("wb") as file,
        # Without a name: the validator warns of names in the heads of packed files.
        gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0) as packed,
    ):
        for data, missing in pieces:
            line = "\t".join([digits or _EXACT.get(data.dtype.str[1:], "%d")] * data.shape[1])
            nothing = "\t".join(["n/a"] * data.shape[1])
            rows = [(line % tuple(row)).replace("nan", "n/a") for row in data.tolist()]
            if missing is not None:
                for gone in np.flatnonzero(missing).tolist():
                    rows[gone] = nothing
            packed.write(("\n".join(rows) + "\n").encode())
