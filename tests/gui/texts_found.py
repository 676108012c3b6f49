"""Finds the texts of the windows: every `tr("…")` in gui/ but the stimulus player's."""

from __future__ import annotations

import ast
from pathlib import Path

GUI = Path(__file__).parents[2] / "gui"


def texts() -> list[str]:
    """List them in the order of the files, each once."""
    found: dict[str, None] = {}
    for path in sorted(GUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                argument = node.args[0]
                if isinstance(argument, ast.Constant):
                    found[str(argument.value)] = None
    return list(found)
