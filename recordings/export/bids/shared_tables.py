"""Tables that several sessions share in one dataset, merged row by row.

A table's first columns name its rows. A row of a session replaces all rows of that session, so that
an export done again leaves no duplicates.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from recordings.disk.atomic import replace_file
from recordings.disk.regular import read_bytes, read_text

NOTHING = "n/a"


def _keys(name: str) -> tuple[str, ...] | None:
    """Return the columns that name the rows of a shared table; None for files of one session."""
    path = PurePosixPath(name)
    if name == "participants.tsv":
        return ("participant_id",)
    if path.name.endswith("_scans.tsv"):
        return ("filename",)
    if path.parts[0] == "phenotype" and path.suffix == ".tsv":
        return ("participant_id", "session_id")
    return None


_FIXED = frozenset(
    {"dataset_description.json", "README", "README.md", "participants.json", ".bidsignore"}
)


def is_shared(name: str) -> bool:
    """Whether a file of an export, by its path in the target, belongs to all sessions."""
    path = PurePosixPath(name)
    fixed = name in _FIXED or path.parts[0] in ("phenotype", "stimuli")
    return fixed or _keys(name) is not None


def merge(new: Path, there: Path) -> None:
    """Put a staged file of a shared name into the target: tables row by row, others if missing.

    Not everybody was asked the same: columns of answers, and what they mean, are added, in an order
    that does not depend on who came first.
    """
    keys = _keys(name := _name_in(there))
    if not there.exists():
        replace_file(there, new.read_bytes())
        return
    if keys is None:
        if name.startswith("phenotype/"):
            about = json.loads(read_text(new)) | json.loads(read_text(there))
            replace_file(there, (json.dumps(about, indent=2, sort_keys=True) + "\n").encode())
        return
    old_columns, old = read_tsv(there)
    new_columns, rows = read_tsv(new)
    named = {tuple(row.get(key, "") for key in keys) for row in rows}
    kept = [row for row in old if tuple(row.get(key, "") for key in keys) not in named]
    if keys == ("participant_id",):  # what somebody has added about a participant stays
        before = {row["participant_id"]: row for row in old}
        rows = [before.get(row["participant_id"], {}) | row for row in rows]
    columns = list(dict.fromkeys([*old_columns, *new_columns]))
    if name.startswith("phenotype/"):
        columns = [*keys, *sorted(set(columns).difference(keys))]
    every = sorted([*kept, *rows], key=lambda row: [row.get(key, "") for key in keys])
    write_tsv(there, columns, every)


def drop_rows(there: Path, wanted: Mapping[str, str]) -> int:
    """Take the rows with these values out of a table; return how many there were."""
    columns, rows = read_tsv(there)
    kept = [row for row in rows if any(row.get(k) != v for k, v in wanted.items())]
    if len(kept) != len(rows):
        write_tsv(there, columns, kept)
    return len(rows) - len(kept)


def _name_in(path: Path) -> str:
    if path.parent.name in ("phenotype", "stimuli"):
        return f"{path.parent.name}/{path.name}"
    return path.name


def read_tsv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns of a table and its rows."""
    with io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = [{k: v for k, v in row.items() if k is not None} for row in reader]
        return list(reader.fieldnames or ()), rows


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a table atomically; unknown = n/a."""
    out = io.StringIO()
    out.write("\t".join(columns) + "\n")
    for row in rows:
        out.write("\t".join(cell(row.get(column)) for column in columns) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, out.getvalue().encode())


def cell(value: object) -> str:
    """Return a value as a cell: one line, no tab, n/a for nothing."""
    if value is None or value == "" or value != value:
        return NOTHING
    return " ".join(str(value).split()) or NOTHING
