"""A manifest that was edited, damaged or comes from strangers: refused by name, never followed."""

import json
from pathlib import Path
from typing import Any

import pytest

from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME, Manifest, State

WHOLE: dict[str, Any] = {
    "study": "s",
    "participant": "01",
    "session": "01",
    "task": "rest",
    "run": 1,
    "state": State.COMPLETE,
    "software": {},
    "host": {},
}


def load(folder: Path, **fields: Any) -> Manifest:
    (folder / MANIFEST_NAME).write_text(json.dumps({**WHOLE, **fields}))
    return Manifest.load(folder)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"participant": "../../../elsewhere"}, "participant"),
        ({"session": "/tmp"}, "session"),
        ({"task": ""}, "task"),
        ({"study": "a/b"}, "study"),
        ({"run": -5}, "run"),
        ({"lsl_start": float("inf")}, "lsl_start"),
        ({"lsl_stop": float("nan")}, "lsl_stop"),
        ({"clock": [{"utc": "yesterday", "lsl": 1.0}]}, "clock.0.utc"),
        ({"files": [{"path": "../recording.xdf"}]}, "files.0.path"),
        ({"rig": {"device": 5}}, "rig"),
        ({"rig": {"eeg": "none"}}, "rig"),
    ],
)
def test_what_would_lead_astray_is_refused_by_its_key(
    tmp_path: Path, fields: dict[str, Any], key: str
) -> None:
    with pytest.raises(RecordingError, match=rf"session\.json: {key}: (?!Value error)"):
        load(tmp_path, **fields)


def test_a_mains_frequency_that_is_no_number_is_not_known(tmp_path: Path) -> None:
    assert load(tmp_path, rig={"rig": {"powerline_hz": "50 Hz"}, "eeg": None}).powerline_hz is None


@pytest.mark.parametrize("left", [b"", bytes(4096), b'{"format": "unisono-session", "ver', None])
def test_a_manifest_that_is_damaged_or_gone_says_where_to_get_it(
    tmp_path: Path, left: bytes | None
) -> None:
    (tmp_path / layout.XDF_NAME).touch()
    if left is not None:
        (tmp_path / MANIFEST_NAME).write_bytes(left)
    with pytest.raises(RecordingError, match=r"session\.json: .*: copy it back from where"):
        Manifest.load(tmp_path)
