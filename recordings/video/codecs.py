"""The codecs a camera may be recorded with: container, encoder settings, bit depths.

What each costs and gains for 2048×1088 Bayer is measured by tests/bench/bench_codecs.py.

=============  =========  ======================================================================
codec          container  for
=============  =========  ======================================================================
magicyuv       NUT        8 bits; the default: 2:1, under one core at 334 MB/s
ffvhuff        NUT        all depths; the default above 8 bits
ffv1           Matroska   all depths; smallest lossless files, several cores
x264-lossless  Matroska   8 and 10 bits; plays anywhere
x264-crf       Matroska   8 and 10 bits; lossy
raw            raw        all depths, packed bits kept packed; hardly any processor, all the disk
=============  =========  ======================================================================

Every codec but x264 makes each frame a key frame, so that frame k is one seek; x264 has a key frame
every `Codec.gop` frames, so that frame k is a seek and at most `gop - 1` frames decoded on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from recordings.errors import RecordingError
from recordings.video.pixel_formats import PixelFormat, pixel_format

Container = Literal["nut", "matroska", "raw"]
SUFFIXES: Final[Mapping[Container, str]] = {"nut": ".nut", "matroska": ".mkv", "raw": ".raw"}
RGB: Final = 0  # in place of a depth
X264_GOP: Final = 30
MATROSKA_MAX_HZ: Final = 1000  # its time stamps are whole milliseconds


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to store pictures. `formats` gives libav's pixel format for each depth (or `RGB`)."""

    name: str
    encoder: str
    container: Container
    lossless: bool
    formats: Mapping[int, str]
    options: Mapping[str, str] = field(default_factory=dict)
    deep_options: Mapping[str, str] = field(default_factory=dict)  # in addition, above 8 bits
    gop: int = 1  # frames from key frame to key frame

    @property
    def suffix(self) -> str:
        """The suffix of its files."""
        return SUFFIXES[self.container]

    def format(self, fmt: PixelFormat) -> str | None:
        """Libav's pixel format that keeps all bits of `fmt`, or None."""
        return self.formats.get(RGB if fmt.samples == 3 else fmt.bits)

    def encoder_name(self, fmt: PixelFormat) -> str:
        """Libav's encoder; x264 has a second one for RGB without loss."""
        rgb = fmt.samples == 3 and self.name == "x264-lossless"
        return "libx264rgb" if rgb else self.encoder

    def encoder_options(self, fmt: PixelFormat) -> dict[str, str]:
        """Libav's options of the encoder."""
        return {**self.options, **(self.deep_options if fmt.bits > 8 else {})}


# No look-ahead and no B frames: a frame that comes in goes out, so a crash finds none in between.
_X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "g": str(X264_GOP),
    "sc_threshold": "0",
    "bf": "0",
}
_GRAY16 = {10: "gray16le", 12: "gray16le", 16: "gray16le"}

CODECS: Final = {
    one.name: one
    for one in (
        Codec("raw", "", "raw", True, dict.fromkeys((RGB, 8, 10, 12, 16), "")),
        Codec("magicyuv", "magicyuv", "nut", True, {8: "gray", RGB: "gbrp"}, {"pred": "median"}),
        Codec(
            "ffvhuff",
            "ffvhuff",
            "nut",
            True,
            {8: "gray", RGB: "gbrp", **_GRAY16},
            {"context": "1", "pred": "median"},
        ),
        Codec(
            "ffv1",
            "ffv1",
            "matroska",
            True,
            {8: "gray", 10: "gray10le", 12: "gray12le", 16: "gray16le", RGB: "bgr0"},
            {"level": "3", "coder": "0", "context": "0", "slices": "16", "slicecrc": "1", "g": "1"},
            {"coder": "1"},  # Golomb-Rice codes exist for 8 bits only
        ),
        Codec(
            "x264-lossless",
            "libx264",
            "matroska",
            True,
            {8: "gray", 10: "gray10le", RGB: "bgr0"},
            {**_X264, "qp": "0"},
            gop=X264_GOP,
        ),
        Codec(
            "x264-crf",
            "libx264",
            "matroska",
            False,
            {8: "gray", 10: "gray10le", RGB: "yuv420p"},
            {**_X264, "crf": "14"},
            gop=X264_GOP,
        ),
    )
}
CODEC_NAMES: Final = ("auto", *CODECS)


def choose_codec(name: str, fmt: PixelFormat, rate_hz: float) -> Codec:
    """Find the codec called `name` ("auto": the default for this depth), fit for format and rate.

    Raises:
        RecordingError: there is none of this name, or it would lose bits or frame times.
    """
    if name == "auto":
        name = "magicyuv" if fmt.bits == 8 else "ffvhuff"
    if name not in CODECS:
        raise RecordingError(f"codec {name!r} is not known; use one of {', '.join(CODEC_NAMES)}")
    codec = CODECS[name]
    if codec.format(fmt) is None:
        others = ", ".join(other.name for other in CODECS.values() if other.format(fmt) is not None)
        raise RecordingError(
            f"codec {name}: cannot keep the {fmt.bits} bits of {fmt.name}; use one of {others}"
        )
    if codec.container == "matroska" and rate_hz > MATROSKA_MAX_HZ:
        raise RecordingError(
            f"codec {name}: {rate_hz:g} frames a second, but Matroska counts milliseconds: at most "
            f"{MATROSKA_MAX_HZ}; use magicyuv, ffvhuff or raw"
        )
    return codec


def video_path(stem: Path, codec: str, pixel_format_name: str, rate_hz: float) -> Path:
    """The file that a `VideoWriter` makes for a path without a suffix."""
    chosen = choose_codec(codec, pixel_format(pixel_format_name), rate_hz)
    return stem.with_name(stem.name + chosen.suffix)
