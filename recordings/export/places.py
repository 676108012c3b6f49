"""`exports.json` in a session's folder: where the session was exported to, for `erase`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from recordings.disk.atomic import replace_file
from recordings.disk.regular import read_text
from recordings.read.opening import locate

EXPORTS_NAME: Final = "exports.json"


def remember(session: Path, kind: str, target: Path) -> list[str]:
    """Write a target into `exports.json` of the session; say if that cannot be done.

    A bare file has no such list.
    """
    folder, _, manifest = locate(session)
    if manifest is None:
        return []
    path = folder / EXPORTS_NAME
    entry = {"kind": kind, "target": str(target.absolute())}
    known = read_exports(folder)
    if entry in known:
        return []
    try:
        replace_file(path, json.dumps([*known, entry], indent=1).encode())
    except OSError as error:  # an archive that is read-only may be exported
        why = f"cannot be written ({error.strerror})"
        return [f"{path}: {why}; unisono erase will miss this export"]
    return []


def read_exports(folder: Path) -> list[dict[str, str]]:
    """Return where a session was exported to, as `exports.json` in its folder says."""
    try:
        entries = json.loads(read_text(folder / EXPORTS_NAME))
        return [{"kind": str(e["kind"]), "target": str(e["target"])} for e in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return []
