"""Codes on the line against their markers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings.check.examination import check
from recordings.xdf import chunks
from tests.recordings.xdf_samples import header_xml, write


@pytest.mark.parametrize(("late_s", "told"), [(0.049, False), (0.2, True)])
def test_codes_that_come_late_onto_the_line_are_told(
    tmp_path: Path, late_s: float, told: bool
) -> None:
    marked = np.linspace(100.0, 160.0, 40, dtype=np.float64)
    written = marked + 0.0002
    written[7] += late_s
    rows = np.stack([np.full(40, 101.0), marked, written], axis=1)
    header = header_xml("box", "TriggerLag", channels=3, format_="double64")
    parts = [chunks.stream_header(1, header), chunks.samples(1, written, rows)]
    found = [f for f in check(write(tmp_path / "x.xdf", parts)).findings if f.code == "codes-late"]
    assert [(f.level, f.subject) for f in found] == [("warn", "box")] * told
    for finding in found:
        assert "1 of 40 codes came onto the line more than 50 ms after" in finding.text
        assert "up to 200 ms" in finding.text
