"""Finds the texts of the windows: each `tr("…")` in gui/, each `said("…")` that comes there."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUI = ROOT / "gui"


def texts() -> list[str]:
    """List them in the order of the files, each once."""
    found: dict[str, None] = {}
    for path in (*sorted(GUI.rglob("*.py")), *sorted((ROOT / "recordings").rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tr", "said"):
                argument = node.args[0]
                if isinstance(argument, ast.Constant):
                    found[str(argument.value)] = None
    return list(found)
