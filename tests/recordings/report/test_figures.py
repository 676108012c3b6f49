"""What the report calls the event that it draws signals around."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recordings.check.examination import examine
from recordings.report.figures import sample_plot
from tests.recordings.bare_files import START, bare, eeg, texts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (json.dumps({"event": "onset", "stimulus": "joy-1", "step": "clip"}), "onset of joy-1"),
        (json.dumps({"event": "onset", "trial": 3, "step": "fixation"}), "onset of fixation"),
        (json.dumps({"event": "onset"}), "onset"),
        ("smiled", "smiled"),
    ],
)
def test_an_event_is_called_by_what_was_shown_and_not_as_it_is_stored(
    tmp_path: Path, text: str, name: str
) -> None:
    path = bare(tmp_path / "a.xdf", eeg(20.0), texts("Mk", [text], [START + 10.0]))
    plot = sample_plot(examine(path))
    assert plot is not None
    assert plot[1] == f"{name}, 10.000 s"
    assert "{" not in plot[1]
