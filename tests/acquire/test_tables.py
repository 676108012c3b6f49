"""What tables print is what they are given: names of streams are anybody's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acquire.cli.tables import repair_table, report_table, streams_table
from acquire.survey.inventory import StreamSeen
from recordings.certificate import MAX_PAIRS, PairReport, Report, Verdict
from recordings.check.examination import check
from recordings.repair.xdf import repair_xdf
from tests.recordings.bare_files import Sent, bare, eeg

NAMES = ("[/bold]x[red]", ":x: [link=a]y", "[bold]")


def test_names_that_look_like_marks_of_the_table_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of them ended check, repair and record in a traceback, others lost a part."""
    data = eeg(4.0).data
    path = bare(tmp_path / "a.xdf", *(Sent(name, "EEG", 250.0, data) for name in NAMES))
    report_table(check(path))
    repair_table(repair_xdf(path, tmp_path / "b.xdf"))
    seen = StreamSeen(NAMES[0], "EEG", "lab", "id", "uid", 2, "float32", 250.0, None)
    streams_table([seen, replace(seen, name="\x1b[2J\x1b]0;x\x07\nEEG")])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert all(said.count(name) >= 2 for name in NAMES)


def test_of_many_pairs_the_widest_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 250 streams 31,000 rows were printed, for 50 s: what was found stood below them."""
    pairs = tuple(
        PairReport(a=f"a{n}", b="b", bound_ms=1.0 + (n * 7) % 100, contributions=())
        for n in range(100)
    )
    report = Report(path="x", verdict=Verdict.PASS, pairs=pairs)
    report_table(report)
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if " – b" in line]
    assert rows == [p.a for p in pairs if p.bound_ms > 100 - MAX_PAIRS]
    report_table(report)
    assert f"The {MAX_PAIRS} widest of 100 pairs" in capsys.readouterr().out
