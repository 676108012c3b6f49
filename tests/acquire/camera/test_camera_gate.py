"""A gated camera stores what lies in trials, by the markers that are in the same recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from recordings.manifest import Manifest
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader
from tests.acquire.program import load, unique, unisono, write_rig

PRE_S, POST_S = 0.5, 0.25
EDGE_S = 0.03  # the clock offset of the gate's own inlet, as a busy computer measures it


def test_frames_outside_trials_are_indexed_and_not_stored(tmp_path: Path) -> None:
    source = unique("protocol")
    rig = write_rig(
        tmp_path,
        f"""
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 100
gate = {{ source = "{source}", start_codes = {list(range(101, 149))}, stop_codes = [100],
pre_s = {PRE_S}, post_s = {POST_S} }}
[[device]]
name = "{source}"
driver = "simulated-markers"
""".replace(",\npre_s", ", pre_s"),
    )
    result = unisono(
        *("record", rig, "--participant", "01", "--seconds", "9", "--json"), folder=tmp_path
    )
    assert result.code == 0, result.stderr
    streams = load(result.session / "recording.xdf")
    rows, stamps = streams["face"].data, np.asarray(streams["face"].stamps)
    fates = rows[:, INDEX_CHANNELS.index("fate")]
    stored = fates == Fate.STORED.code
    assert set(fates) == {Fate.STORED.code, Fate.GATED.code}
    markers = streams[source]
    events = [
        (time, json.loads(text)["code"])
        for time, text in zip(markers.stamps, markers.strings, strict=True)
    ]
    starts = [time for time, code in events if code != 100]
    stops = [time for time, code in events if code == 100]
    first, last = events[0][0], events[-1][0]
    for stamp, kept in zip(stamps, stored, strict=True):
        if not first + POST_S + EDGE_S < stamp < last - PRE_S - EDGE_S:
            continue  # a trial may have begun before the recording, or end after it
        begun = [t for t in starts if t - PRE_S <= stamp]
        ended = [t for t in stops if t + POST_S < stamp]
        inside = len(begun) > 0 and (not ended or max(begun) > max(ended))
        near = np.min(np.abs(np.r_[np.array(starts) - PRE_S, np.array(stops) + POST_S] - stamp))
        assert kept == inside or near < EDGE_S, stamp
    (video,) = Manifest.load(result.session).videos
    assert video.fates[Fate.GATED] == np.count_nonzero(~stored)
    with VideoReader(result.session / video.file) as reader:
        assert len(reader) == video.frames == np.count_nonzero(stored)
    assert np.array_equal(rows[stored, 0], np.arange(video.frames))
