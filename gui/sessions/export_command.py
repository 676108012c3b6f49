"""The command line that exports a session, to be pasted into a terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path


def export_command(kind: str, session: Path) -> str:
    """Write the command with its defaults; the target lies beside the study's folder.

    Args:
        kind: `bids`, `edf` or `csv`.
        session: its folder.
    """
    study = session.parents[2]
    target = study.with_name(f"{study.name}-{kind}")
    words = ["unisono", "export", kind, str(session), "--to", str(target)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
