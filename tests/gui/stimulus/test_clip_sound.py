"""The sound of a clip: where it lies against the picture, and what is said when it fails."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from PySide6.QtMultimedia import QAudioDevice

from acquire.protocol.media import probe_media
from gui.stimulus.clip import SOUND_HZ, ClipDecoder
from gui.stimulus.clip_show import ClipShow
from gui.stimulus.sound import Sound
from tests.acquire.program import wait_for

LASTS = 12_345  # samples


def make_clip(path: Path, picture_ms: int, sound_ms: int, rate_hz: int = SOUND_HZ) -> Path:
    """Write 25 frames from `picture_ms` on, and from `sound_ms` on a tone that is loud at once."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=Fraction(25))
        video.width, video.height, video.pix_fmt = 64, 48, "yuv444p"
        video.codec_context.time_base = Fraction(1, 1000)
        audio = container.add_stream("pcm_s16le", rate=rate_hz, layout="mono")
        for number in range(25):
            grey = np.full((48, 64, 3), 40, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuv444p")
            picture.pts, picture.time_base = picture_ms + 40 * number, Fraction(1, 1000)
            container.mux(video.encode(picture))
        tone = np.full((1, LASTS), 9000, np.int16)
        sound = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        sound.sample_rate, sound.pts = rate_hz, sound_ms * rate_hz // 1000
        sound.time_base = Fraction(1, rate_hz)
        container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return path


def decoded(path: Path) -> np.ndarray[Any, Any]:
    decoder = ClipDecoder(probe_media(path), 64, 48)
    try:
        wait_for(lambda: decoder.is_ready, what="frames")
        assert decoder.error is None
        return np.frombuffer(decoder.sound, "<i2").reshape(-1, 2)
    finally:
        decoder.close()


@pytest.mark.parametrize(("picture_ms", "sound_ms"), [(0, 0), (0, 500), (100, 0), (200, 360)])
def test_a_sound_keeps_its_place_against_the_picture(
    tmp_path: Path, picture_ms: int, sound_ms: int
) -> None:
    sound = decoded(make_clip(tmp_path / "c.mkv", picture_ms, sound_ms))
    after = (sound_ms - picture_ms) * SOUND_HZ // 1000
    assert len(sound) == LASTS + after if after >= 0 else len(sound) <= LASTS
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 4000)
    assert loud[0] == max(0, after)
    assert loud[-1] + 1 == max(0, LASTS + after)


def test_a_sound_of_another_rate_is_whole(tmp_path: Path) -> None:
    """What the resampler holds back is its end."""
    sound = decoded(make_clip(tmp_path / "c.mkv", 0, 0, 44_100))
    assert len(sound) == pytest.approx(LASTS * SOUND_HZ / 44_100, abs=2)


class Sink:
    """Loudspeakers that have played as far as a test says."""

    def __init__(self, played_s: float, error: str) -> None:
        self._played_s, self._error = played_s, error

    def processedUSecs(self) -> int:  # noqa: N802 - Qt's name
        return round(self._played_s * 1e6)

    def error(self) -> SimpleNamespace:
        return SimpleNamespace(name=self._error)


@pytest.mark.parametrize(
    ("played_s", "error", "position_s", "words"),
    [
        (2.0, "NoError", 2.9, ""),
        (2.0, "UnderrunError", 2.1, ""),
        (2.0, "IOError", 2.1, "(IOError)"),
        (2.0, "NoError", 3.2, "1.2 s behind the picture"),  # its server ended, which is no error
        (10.0, "NoError", 60.0, ""),  # it is shorter than the picture
    ],
)
def test_a_sound_that_nobody_hears_is_told_of_once(
    qapp: Any, played_s: float, error: str, position_s: float, words: str
) -> None:
    said: list[tuple[str, str]] = []
    show: Any = ClipShow.__new__(ClipShow)  # without a screen
    show._player = SimpleNamespace(complain=lambda code, text, now: said.append((code, text)))
    show._sound = Sound(QAudioDevice(), bytes(10 * SOUND_HZ * 4))
    show._sound._sink = Sink(played_s, error)
    visit = SimpleNamespace(notes={})
    for _ in range(3):
        show._listen("fear-1", visit, position_s, 1.0)
    assert len(said) == bool(words)
    assert visit.notes == ({"sound": "unheard"} if words else {})
    assert show._sound.ahead_s(position_s) == pytest.approx(played_s - min(position_s, 10.0))
    for code, text in said:
        assert code == "protocol"
        assert text.startswith("fear-1: its sound: ")
        assert words in text
