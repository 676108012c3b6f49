"""Whether a face moved in a window, at the edges of both and of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recordings.annotation.coder_file import who
from recordings.annotation.model import Event
from recordings.annotation.store import CodingStore
from recordings.dataset.labels import labels_for
from recordings.errors import RecordingError
from recordings.features.windows import Window

Marks = Sequence[tuple[str, float]]


def label(folder: Path, marks: Marks, start: float, stop: float) -> Any:
    """Label a window of a simulated recording from 0 to 100 s by its truth."""
    rows = [f"movement_{kind}\t{time}\t" for kind, time in marks]
    (folder / "truth.tsv").write_text("\n".join(["kind\ttime\tcode", *rows]) + "\n")
    manifest = SimpleNamespace(simulated=True)
    session: Any = SimpleNamespace(path=folder, manifest=manifest, start=0.0, stop=100.0)
    return labels_for("simulated-expression", "")(session)(Window(start, stop, start))


WHOLE: Marks = [("onset", 10.0), ("apex", 12.0), ("offset", 15.0)]


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (11.0, 13.0, 1),
        (12.0, 14.0, 1),  # a window begins with its first moment
        (11.0, 12.0, None),  # and ends before its last
        (13.0, 14.0, None),  # it moves, and nobody says how far
        (9.0, 10.5, None),
        (8.0, 10.0, 0),
        (15.0, 17.0, 0),
        (14.9, 17.0, None),
        (0.0, 100.0, 1),
    ],
)
def test_a_window_shows_an_expression_where_its_apex_is(
    tmp_path: Path, start: float, stop: float, expected: int | None
) -> None:
    assert label(tmp_path, WHOLE, start, stop) == expected


@pytest.mark.parametrize(
    ("marks", "moving"),
    [
        ([("offset", 5.0), *WHOLE], (0.0, 5.0)),  # begun before the recording, apex and all
        ([("apex", 3.0), ("offset", 5.0), *WHOLE], (0.0, 5.0)),
        ([*WHOLE, ("onset", 90.0)], (90.0, 100.0)),  # cut off by its end
        ([*WHOLE, ("onset", 90.0), ("apex", 95.0)], (90.0, 100.0)),
    ],
)
def test_what_the_recording_cuts_off_is_no_still_face(
    tmp_path: Path, marks: Marks, moving: tuple[float, float]
) -> None:
    for at in range(100):
        found = label(tmp_path, marks, at, at + 1.0)
        near = moving[0] <= at < moving[1] or 10 <= at < 15
        apexes = [time for kind, time in marks if kind == "apex"]
        shown = any(at <= apex < at + 1 for apex in apexes)
        assert found == (1 if shown else None if near else 0), at


@pytest.mark.parametrize(
    ("marks", "moving"),
    [
        ({"onset": 10.0, "apex": 12.0, "offset": 15.0}, (10.0, 15.0)),
        ({"onset": 10.0, "apex": 12.0}, (10.0, 14.0)),
        ({"apex": 12.0, "offset": 15.0}, (9.0, 15.0)),
        ({"apex": 12.0}, (12.0, 12.0)),
    ],
)
def test_where_an_end_was_not_coded_the_face_may_still_move(
    tmp_path: Path, marks: dict[str, float], moving: tuple[float, float]
) -> None:
    with CodingStore(tmp_path / "annotations", who("anna")) as store:
        at = {name: {"time": time, "frame": round(time)} for name, time in marks.items()}
        store.put("events", Event.model_validate({"id": "a", "camera": "face", **at}))
    session: Any = SimpleNamespace(path=tmp_path, cameras={})
    found = labels_for("expression", "anna")(session)
    for number in range(40):
        start = number / 2
        near = start < moving[1] and start + 0.5 > moving[0]
        expected = 1 if start == marks["apex"] else None if near else 0
        assert found(Window(start, start + 0.5, start)) == expected, start


def test_nobody_knows_what_truly_moved_in_a_recording(tmp_path: Path) -> None:
    manifest = SimpleNamespace(simulated=False)
    session: Any = SimpleNamespace(path=tmp_path, manifest=manifest)
    with pytest.raises(RecordingError, match="was not simulated"):
        labels_for("simulated-expression", "")(session)
    about = labels_for("code", "")(session)
    assert about(Window(0.0, 1.0, 0.0, {"code": 7})) == 7
    with pytest.raises(RecordingError, match="these windows have trial, expression, simulated"):
        about(Window(0.0, 1.0, 0.0, {"trial": 1}))
