"""The command line that exports a session, to be pasted into a terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path


def export_words(kind: str, session: Path) -> list[str]:
    """Write the arguments of an export with its defaults.

    Args:
        kind: `bids`, `edf` or `csv`.
        session: its folder; the target lies beside the study's.
    """
    study = session.parents[2]
    target = study.with_name(f"{study.name}-{kind}")
    return ["export", kind, str(session), "--to", str(target)]


def export_command(kind: str, session: Path) -> str:
    """Write the whole command line for a terminal."""
    words = ["unisono", *export_words(kind, session)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
