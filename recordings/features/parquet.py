"""Parquet by pyarrow, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recordings.extras import need_parquet


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], said: Mapping[bytes, bytes]) -> None:
    """Write rows as a table; a column that a row does not have is null there.

    Args:
        path: of the file.
        rows: in order; columns come as they are first met.
        said: goes into the file's metadata.

    Raises:
        RecordingError: pyarrow is not installed.
    """
    pa, pq = need_parquet()
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    pq.write_table(pa.table(columns).replace_schema_metadata(dict(said)), path)
