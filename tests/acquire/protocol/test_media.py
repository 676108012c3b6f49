"""What a stimulus file holds: clips as labs have them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from acquire.errors import ConfigError
from acquire.protocol.media import oddities, probe_media
from tests.acquire.protocol.clips import cut, make, turn


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_what_an_edit_leaves_out_is_no_frame(tmp_path: Path, suffix: str) -> None:
    """Of a clip that was cut without a new encoding, frames were waited for that nobody shows."""
    whole = make(tmp_path / "whole.mp4")
    info = probe_media(cut(whole, tmp_path / f"cut{suffix}", 0.8))
    assert info.frames == 30
    assert info.duration_s == pytest.approx(1.2)
    assert info.start_s == pytest.approx(0.0)


def test_what_is_cut_before_a_frame_that_can_be_decoded_is_none(tmp_path: Path) -> None:
    options = {"x264-params": "open-gop=1:keyint=25:bframes=3:min-keyint=10:scenecut=0"}
    whole = make(tmp_path / "whole.mkv", frames=100, options=options)
    with_b = cut(whole, tmp_path / "cut.mp4", 1.9)
    info = probe_media(with_b)
    assert info.frames == round(info.duration_s * 25)
    assert info.frames <= 53


def test_a_film_on_dvd_is_read(tmp_path: Path) -> None:
    film = make(
        tmp_path / "f.mpg",
        codec="mpeg2video",
        size=(720, 576),
        pixel=Fraction(64, 45),
        options={"g": "12"},
    )
    info = probe_media(film)
    assert (info.width, info.height, info.stored) == (1024, 576, (720, 576))
    assert info.frames == 50
    assert not list(oddities(info))


def test_a_film_of_a_telephone_is_shown_upright(tmp_path: Path) -> None:
    info = probe_media(turn(make(tmp_path / "f.mp4")))
    assert (info.width, info.height, info.turned_deg) == (96, 160, 90)


def test_what_is_odd_is_told_with_its_remedy(tmp_path: Path) -> None:
    whole = make(tmp_path / "f.mkv", options={"g": "10"})
    torn = tmp_path / "torn.mkv"
    data = whole.read_bytes()
    torn.write_bytes(data[: len(data) // 2])
    assert "its header promises 2.0 s; copy it again" in " ".join(oddities(probe_media(torn)))
    combed = make(tmp_path / "i.mp4", options={"flags": "+ildct+ilme"})
    (said,) = oddities(probe_media(combed))
    assert "interlaced" in said


def test_no_clip_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'make a film of the sound: .* -i "a b.m4a"'):
        probe_media(_only_sound(tmp_path / "a b.m4a"))
    empty = tmp_path / "b.mp4"
    empty.touch()
    with pytest.raises(ConfigError, match="cannot be decoded"):
        probe_media(empty)


def _only_sound(path: Path) -> Path:
    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
