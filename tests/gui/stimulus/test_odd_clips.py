"""Clips as labs have them, decoded to pictures."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from acquire.protocol.media import probe_media
from gui.stimulus.clip import ClipDecoder, ClipFrame
from tests.acquire.program import TIMEOUT_S, wait_for
from tests.acquire.protocol.clips import GREEN, RED, cut, make, spoil_sound, turn


@contextmanager
def decoding(path: Path) -> Iterator[ClipDecoder]:
    info = probe_media(path)
    decoder = ClipDecoder(info, info.width, info.height)
    try:
        yield decoder
    finally:
        decoder.close()


def first(path: Path) -> QImage:
    with decoding(path) as decoder:
        wait_for(lambda: decoder.is_ready, what="frames")
        frame = decoder.frame_at(0.0)
        assert frame is not None
        return frame.image.copy()


def all_of(decoder: ClipDecoder) -> list[ClipFrame]:
    frames = []
    while decoder._thread.is_alive() or not decoder._frames.empty():
        try:
            frames.append(decoder._frames.get(timeout=TIMEOUT_S))
        except queue.Empty:
            break
        if len(frames) == decoder.info.frames:
            decoder._thread.join(TIMEOUT_S)
    return frames


def near(image: QImage, x: float, y: float) -> tuple[int, ...]:
    colour = image.pixelColor(int(x * image.width()), int(y * image.height()))
    return colour.red(), colour.green(), colour.blue()


def test_a_clip_that_was_cut_without_a_new_encoding_is_whole(tmp_path: Path) -> None:
    """It was ended early, as one that breaks off, and frames nobody shows counted as dropped."""
    clip = cut(make(tmp_path / "whole.mp4", sound="aac"), tmp_path / "cut.mp4", 0.8)
    with decoding(clip) as decoder:
        frames = all_of(decoder)
        assert len(frames) == decoder.info.frames == 30
        assert decoder.error is None
        assert frames[-1].due_s == pytest.approx(29 / 25)


def test_a_film_of_a_telephone_is_turned(tmp_path: Path) -> None:
    image = first(turn(make(tmp_path / "f.mp4")))
    assert (image.width(), image.height()) == (96, 160)
    assert near(image, 0.9, 0.5) == pytest.approx(RED, abs=12)
    assert near(image, 0.1, 0.5) == pytest.approx(GREEN, abs=12)


def test_colours_are_those_of_hd_where_the_file_says_nothing(tmp_path: Path) -> None:
    image = first(make(tmp_path / "f.mp4", frames=4, size=(1280, 720)))
    assert near(image, 0.5, 0.2) == pytest.approx(RED, abs=5)
    assert near(image, 0.5, 0.8) == pytest.approx(GREEN, abs=5)


def test_a_clip_whose_sound_is_spoilt_is_seen_and_told_of(tmp_path: Path) -> None:
    """Nobody saw it: what could not be decoded of the sound took the pictures with it."""
    whole = make(tmp_path / "whole.mp4", sound="aac")
    with decoding(spoil_sound(whole, tmp_path / "f.mkv")) as decoder:
        assert len(all_of(decoder)) == 50
        assert decoder.error is None
        assert "f.mkv: its sound breaks off after 0.8 s" in decoder.complaint()
        assert decoder.complaint() == ""
        assert len(decoder.sound) > 4 * 48_000 * 0.7
