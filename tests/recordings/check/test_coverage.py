"""A stream that was not there from start to stop is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.check.examination import check
from recordings.manifest import Manifest
from tests.recordings.simulated_session import Plan, make_session


@pytest.mark.parametrize(
    ("shift", "codes"),
    [((0.0, 0.0), set()), ((-2.0, 0.0), {"begins-late"}), ((0.0, 2.0), {"ends-early"})],
)
def test_a_part_that_is_missing(
    tmp_path: Path, shift: tuple[float, float], codes: set[str]
) -> None:
    session = make_session(tmp_path, Plan())
    manifest = Manifest.load(session)
    assert manifest.lsl_start is not None
    assert manifest.lsl_stop is not None
    moved = {"lsl_start": manifest.lsl_start + shift[0], "lsl_stop": manifest.lsl_stop + shift[1]}
    manifest.model_copy(update=moved).save(session)
    report = check(session)
    found = {
        (f.code, f.subject) for f in report.findings if f.code in ("begins-late", "ends-early")
    }
    regular = {s.name for s in report.streams if s.rate_hz}
    assert found == {(code, name) for code in codes for name in regular}
    assert all("2.0" in f.text for f in report.findings if f.code in codes)
