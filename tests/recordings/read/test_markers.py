"""What a marker is called in other formats."""

from __future__ import annotations

import numpy as np

from recordings.read.markers import SessionMarker, describe, parse_markers


def test_a_marker_of_the_recorder_is_called_by_its_text() -> None:
    """EDF, MNE and the review called it by the whole of its JSON."""
    rows = [
        ['{"text": "smiled", "code": null, "time": 3.0}'],
        ['{"text": "block", "code": 7, "time": 3.0}'],
        ['{"text": "bad posture", "code": null, "time": 3.0}'],
        ['{"else": 1}'],
    ]
    found = parse_markers(np.arange(4.0), rows)
    names = [describe(SessionMarker("markers", marker)) for marker in found]
    assert names == ["smiled", "block/7", "marker/bad posture", '{"else": 1}']
