"""Each code that an event can have means something in the user's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from gui.client.code_words import meanings

ROOT = Path(__file__).parents[3]
LEVELS = ("info", "warning", "error")


def told() -> Iterator[tuple[str, str]]:
    """Find where a level is followed by a code, as in `Notice("info", "size-changed", …)`."""
    for folder in ("acquire", "devices", "gui/stimulus"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                words = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
                for level, code in pairwise(words):
                    is_code = isinstance(code, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
                    if level in LEVELS and is_code:
                        yield str(code), f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_code_has_words() -> None:
    found = dict(told())
    assert len(found) > 80, "they are called in another way now"
    unknown = {code: where for code, where in found.items() if code not in meanings()}
    assert not unknown
