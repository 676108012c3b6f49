"""What the page on studies says of simulated coders, done as it stands there."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from tests.acquire.program import unisono

PAGE = Path(__file__).parents[2] / "docs" / "studies.md"
QUICKLY = {
    "simulate": ("--seconds", "16", "--rate", "40", "--size", "320x240"),
    "features": ("--signal", "SKT", "--jobs", "1"),
}


def commands() -> list[list[str]]:
    """The commands in the part of the page about coders."""
    part = PAGE.read_text(encoding="utf-8").partition("### Simulated coders")[2].partition("\n#")[0]
    return [shlex.split(line) for line in re.findall(r"^    unisono (.*)$", part, re.MULTILINE)]


def test_the_commands_of_the_page_work_on_a_simulated_study(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    said = {}
    for command in commands():
        more = QUICKLY.get(command[0], ())
        done = unisono(*command, *more, folder=tmp_path, cwd=tmp_path)
        assert done.code == 0, (command, done.stderr)
        said[command[0]] = done.stdout
    assert set(said) == {"simulate", "coding", "features", "export"}
    assert "simulated1 and simulated2, two coders" in said["coding"]
    rows = [row for path in tmp_path.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert len(rows) >= 2
    assert {row["kind"] for row in rows} <= {"micro", "macro"}
    sheets = list(tmp_path.rglob("coding_file.csv"))
    assert len(sheets) == 2
    texts = [path.read_text(encoding="utf-8").splitlines() for path in sheets]
    lines = [row for text in texts for row in csv.DictReader(text)]
    assert any(row["Estimated Emotion"] for row in lines), lines
