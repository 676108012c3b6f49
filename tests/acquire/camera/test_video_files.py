"""A camera's files: a codec that is too slow gives way to a cheaper one, if that was asked for."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from acquire.camera.encoder_link import NOT_STORED
from acquire.camera.video_files import VideoFiles
from acquire.camera.video_take import VideoTake
from acquire.processes.messages import VideoSummary
from acquire.rig.video import OnOverload, VideoOptions
from devices.base import VideoSpec
from recordings.stream_kinds import Fate
from recordings.video.reader import VideoReader
from tests.acquire.program import wait_for

SPEC = VideoSpec("face", 1280, 1024, "Mono8", 300.0)
LIMIT_S = 60.0


def flood(files: VideoFiles, until_changed: bool) -> tuple[list[int], int]:
    """Hand over noise as fast as it goes; the indices given, and how many were refused."""
    image = np.random.default_rng(0).integers(0, 255, (1024, 1280), dtype=np.uint8)
    indices, refused = [], 0
    end = time.monotonic() + (LIMIT_S if until_changed else 2.0)
    first = files.codec
    while time.monotonic() < end and not (until_changed and files.codec != first):
        if files.hold(image):
            indices.append(files.commit())
        else:
            refused += 1
            assert files.why_not() is Fate.RING_FULL
    for _ in range(20):  # and some more into the new file
        while not files.hold(image):
            assert time.monotonic() < end + LIMIT_S
        indices.append(files.commit())
    return indices, refused


def record(
    tmp_path: Path, options: VideoOptions
) -> tuple[list[int], int, list[VideoSummary], list[str]]:
    files = VideoFiles(SPEC, options)
    try:
        take = VideoTake(1, tmp_path / "face")
        files.begin(take)
        indices, refused = flood(files, options.on_overload == "degrade")
        events = files.new_events()
        files.end()
        summaries = take.closed.result(LIMIT_S)
        assert {summary.take for summary in summaries} == {1}
        return indices, refused, summaries, [code for _, code, _, _ in events]
    finally:
        files.close()


def test_a_codec_that_is_too_slow_is_changed_for_a_cheaper_one(tmp_path: Path) -> None:
    options = VideoOptions("ffv1", ring_s=0.1, on_overload="degrade")
    indices, refused, (first, *others), codes = record(tmp_path, options)
    assert refused > 0
    assert codes.count("codec-changed") == len(others) >= 1  # beside a busy program even twice
    assert first.codec == "ffv1"
    assert [s.codec for s in others] == ["magicyuv", "raw"][: len(others)]
    assert [s.path.stem for s in others] == ["face+2", "face+3"][: len(others)]
    assert NOT_STORED not in indices
    assert indices == [k for s in (first, *others) for k in range(s.frames)]
    for summary in (first, *others):
        with VideoReader(summary.path) as reader:
            assert len(reader) == summary.frames


@pytest.mark.parametrize(
    ("codec", "on_overload", "degrades"),
    [
        ("auto", "auto", True),
        ("magicyuv", "auto", False),  # who names a codec gets it
        ("auto", "count", False),
        ("magicyuv", "degrade", True),
    ],
)
def test_who_leaves_the_codec_to_us_wants_the_frames(
    codec: str, on_overload: OnOverload, degrades: bool
) -> None:
    assert VideoOptions(codec, on_overload=on_overload).degrades == degrades


def test_otherwise_the_frames_are_counted_and_the_codec_stays(tmp_path: Path) -> None:
    indices, refused, summaries, codes = record(tmp_path, VideoOptions("ffv1", ring_s=0.1))
    assert refused > 0
    assert "codec-changed" not in codes
    assert [s.frames for s in summaries] == [len(indices)]


@pytest.mark.parametrize(("codec", "tiling"), [("raw", "none"), ("magicyuv", "bayer-quadrants")])
def test_the_tiling_told_beforehand_is_the_one_in_the_file(
    tmp_path: Path, codec: str, tiling: str
) -> None:
    files = VideoFiles(VideoSpec("face", 64, 48, "BayerRG8", 50.0), VideoOptions(codec))
    try:
        take = VideoTake(1, tmp_path / "face")
        files.begin(take)
        assert files.hold(np.zeros((48, 64), np.uint8))
        files.commit()
        files.end()
        (summary,) = take.closed.result(LIMIT_S)
    finally:
        files.close()
    assert files.tiling == summary.tiling == tiling


def test_a_codec_that_was_too_slow_is_not_tried_again(tmp_path: Path) -> None:
    """A disk too slow for raw video and a processor too slow for MagicYUV: no file a second."""
    files = VideoFiles(SPEC, VideoOptions("auto"))
    try:
        take = VideoTake(1, tmp_path / "face")
        files.begin(take)
        files._change_codec("processor", take)
        assert files.codec == "raw"
        files._change_codec("disk", take)
        assert files.codec == "raw"
        files.end()
        assert [file.codec for file in take.closed.result(LIMIT_S)] == ["magicyuv", "raw"]
    finally:
        files.close()


def test_a_dead_encoder_is_replaced_for_the_next_recording(tmp_path: Path) -> None:
    """Even where nobody looked after it meanwhile; each recording but the first had no video."""
    files = VideoFiles(VideoSpec("face", 64, 48, "Mono8", 50.0), VideoOptions("raw"))
    try:
        process = files._encoder._process
        assert process is not None
        process.kill()
        wait_for(lambda: files._encoder.status().ended)
        take = VideoTake(1, tmp_path / "face")
        files.begin(take)
        assert files.hold(np.zeros((48, 64), np.uint8))
        assert files.commit() == 0
        files.end()
        (summary,) = take.closed.result(LIMIT_S)
    finally:
        files.close()
    assert (summary.frames, summary.error) == (1, None)
