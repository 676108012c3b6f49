"""Opens a recording, cuts its file off, and reads on: in a process of its own, as it may end it.

python -m tests.recordings.cut_while_read WHAT FOLDER prints the error that came.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

import recordings.xdf.reader
import recordings.xdf.scan
from recordings.errors import RecordingError
from recordings.read.foreign.signal_files import open_signals
from recordings.read.session import open_session
from recordings.repair.xdf import repair_xdf
from recordings.review.pyramid_store import PyramidStore, folders_for
from recordings.review.session import ReviewSession
from recordings.video.gray_frames import GrayFrames
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader
from recordings.video.writer import VideoWriter
from recordings.xdf import chunks
from recordings.xdf.reader import XdfRecording, read_xdf
from tests.recordings.brainvision_file import brainvision
from tests.recordings.edf_file import NOTES, edf_file
from tests.recordings.xdf.test_xdf_reader import bare_samples
from tests.recordings.xdf_samples import header_xml, write

SAMPLES: Final = 40_000
LEFT: Final = 4096
"""Bytes that are left: less than any of the files has, and whole pages of memory less."""


def cut(path: Path) -> None:
    os.truncate(path, LEFT)


def xdf(folder: Path) -> Path:
    """Write numbers with and without stamps, and texts; each stream is many pages long."""
    stamps = 100 + np.arange(SAMPLES) / 1000
    values = np.zeros((SAMPLES, 4), np.float32)
    bare = [n % 100 == 0 for n in range(SAMPLES // 10)]
    short = SAMPLES // 10
    return write(
        folder / "recording.xdf",
        [
            chunks.stream_header(1, header_xml("eeg", channels=4, rate_hz=1000)),
            chunks.stream_header(2, header_xml("bare", channels=4, rate_hz=1000)),
            chunks.stream_header(3, header_xml("texts", "Markers", format_="string")),
            *(
                chunks.samples(1, stamps[n:][:250], values[n:][:250])
                for n in range(0, SAMPLES, 250)
            ),
            bare_samples(2, stamps[:short], values[:short], bare),
            chunks.string_samples(3, stamps[:short], [[f"marker {n}"] for n in range(short)]),
        ],
    )


def numbers(folder: Path) -> None:
    with read_xdf(xdf(folder)) as recording:
        cut(recording.path)
        recording.stream("eeg").read(SAMPLES - 10, SAMPLES)


def stamps(folder: Path) -> None:
    with read_xdf(xdf(folder)) as recording:
        cut(recording.path)
        recording.stream("eeg").stamps_of(SAMPLES - 10, SAMPLES)


def stamps_left_out(folder: Path) -> None:
    with read_xdf(xdf(folder)) as recording:
        cut(recording.path)
        recording.stream("bare").read()


def texts(folder: Path) -> None:
    with read_xdf(xdf(folder)) as recording:
        cut(recording.path)
        print(len(recording.stream("texts").strings))


def while_opened(folder: Path) -> None:
    path, scan = xdf(folder), recordings.xdf.scan.scan

    def cut_before(*given: Any, **named: Any) -> Any:
        cut(path)
        return scan(*given, **named)

    setattr(recordings.xdf.reader, "scan", cut_before)  # noqa: B010 - to mypy it is imported
    XdfRecording(path)


def repaired(folder: Path) -> None:
    path, read = xdf(folder), XdfRecording.bytes

    def cut_before(recording: XdfRecording, start: int, end: int) -> bytes:
        cut(path)
        return read(recording, start, end)

    setattr(XdfRecording, "bytes", cut_before)  # noqa: B010 - to mypy it is a method
    try:
        repair_xdf(path, folder / "copy.xdf")
    finally:
        assert not (folder / "copy.xdf").exists()


def window(folder: Path) -> None:
    with open_session(xdf(folder)) as session:
        start = session.start
        cut(session.path)
        session["eeg"].read(start + 10, start + 20)


def edf(folder: Path) -> None:
    path = edf_file(folder / "a.edf", [{}] * 20 + [NOTES], records=1000)
    found = open_signals(path)
    assert found is not None
    cut(path)
    found.streams[0].read(0, 100)


def bdf(folder: Path) -> None:
    path = edf_file(folder / "a.bdf", [{}] * 20, records=100, width=3)
    found = open_signals(path)
    assert found is not None
    cut(path)
    found.streams[0].read(9000, 9100)


def brain_vision(folder: Path) -> None:
    found = open_signals(brainvision(folder, ("µV",) * 40, False))
    assert found is not None
    cut(folder / "x.eeg")
    found.streams[0].read(200, 250)


def pyramid(folder: Path) -> None:
    path = xdf(folder)
    for _ in range(2):  # built and kept, then as it was kept
        with ReviewSession(path) as session:
            signal = next(s for s in session.signals if s.name == "eeg")
            store = PyramidStore(path, folders_for(path, folder / "cache"))
            signal.prepare(store, threading.Event(), lambda: None)
            if (folder / "cut").exists():
                for kept in folder.rglob("*-ends.npy"):
                    os.truncate(kept, 200)
                signal.curves(session.start, session.stop, 100, [0])
            (folder / "cut").touch()


def video(folder: Path, codec: str) -> Path:
    picture: Picture = np.random.default_rng(0).integers(0, 255, (96, 128), np.uint8)
    writer = VideoWriter(
        folder / "face", width=128, height=96, pixel_format="Mono8", rate_hz=50.0, codec=codec
    )
    for _ in range(20):
        writer.write(picture)
    writer.close()
    return next(folder.glob("face.*"))


def raw_video(folder: Path) -> None:
    path = video(folder, "raw")
    with VideoReader(path) as reader:
        assert len(reader) == 20
        cut(path)
        reader.frame(15)


def video_of_libav(folder: Path) -> None:
    path = video(folder, "ffv1")
    with VideoReader(path) as reader:
        assert len(reader) == 20
        cut(path)
        reader.frame(15)


def gray_frames(folder: Path) -> None:
    path = video(folder, "magicyuv")
    with closing(GrayFrames(path)) as frames:
        cut(path)
        frames.frame(15)


CASES: Final[dict[str, Callable[[Path], None]]] = {
    case.__name__: case
    for case in (
        *(numbers, stamps, stamps_left_out, texts, while_opened, repaired, window),
        *(edf, bdf, brain_vision, pyramid, raw_video, video_of_libav, gray_frames),
    )
}

if __name__ == "__main__":
    try:
        CASES[sys.argv[1]](Path(sys.argv[2]))
    except RecordingError as error:
        print(error)
