"""Pixel formats, packed bits and the tiling of mosaics: exact in both directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.errors import RecordingError
from recordings.video.pixel_formats import (
    PIXEL_FORMATS,
    as_bytes,
    join_bayer,
    pixel_format,
    split_bayer,
    to_picture,
    unpack,
)
from tests.recordings.video.packing import pack, to_frame


@given(bits=st.sampled_from([10, 12]), data=st.data())
def test_packing_keeps_every_bit(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=60))
    samples = np.array(values, np.uint16)
    packed = pack(samples, bits)
    assert packed.size == -(-len(values) * bits // 8)
    assert unpack(packed, bits, len(values)).tolist() == values


@given(
    bits=st.sampled_from([10, 12]), values=st.lists(st.integers(0, 1023), min_size=1, max_size=9)
)
def test_packed_bits_stand_low_bits_first(bits: int, values: list[int]) -> None:
    stream = sum(value << (bits * i) for i, value in enumerate(values))  # the definition of "p"
    expected = stream.to_bytes(-(-len(values) * bits // 8), "little")
    assert pack(np.array(values, np.uint16), bits).tobytes() == expected


@given(
    height=st.integers(1, 9), width=st.integers(1, 9), dtype=st.sampled_from([np.uint8, np.uint16])
)
def test_tiling_is_undone_exactly(height: int, width: int, dtype: type[np.generic]) -> None:
    high = np.iinfo(dtype).max + 1  # type: ignore[type-var]
    rng = np.random.default_rng(height * 10 + width)
    mosaic = rng.integers(0, high, (2 * height, 2 * width)).astype(dtype)
    tiled = np.empty_like(mosaic)
    split_bayer(mosaic, tiled)
    assert np.array_equal(join_bayer(tiled), mosaic)


def test_quadrants_hold_one_colour_each() -> None:
    mosaic = np.tile(np.array([[1, 2], [3, 4]], np.uint8), (2, 3))
    tiled = np.empty_like(mosaic)
    split_bayer(mosaic, tiled)
    assert tiled.tolist() == [[1, 1, 1, 2, 2, 2]] * 2 + [[3, 3, 3, 4, 4, 4]] * 2


def test_tiling_writes_into_rows_with_padding() -> None:
    mosaic = np.arange(64, dtype=np.uint8).reshape(8, 8)
    wide = np.zeros((8, 16), np.uint8)
    split_bayer(mosaic, wide[:, :8])
    assert np.array_equal(join_bayer(wide[:, :8]), mosaic)
    assert not wide[:, 8:].any()


@pytest.mark.parametrize("name", PIXEL_FORMATS)
def test_frame_becomes_picture_and_back(name: str) -> None:
    fmt = pixel_format(name)
    samples = np.random.default_rng(1).integers(0, 1 << fmt.bits, fmt.shape(8, 6))
    picture = samples.astype(fmt.dtype)
    frame = to_frame(picture, fmt)
    assert frame.nbytes == fmt.frame_bytes(8, 6)
    back = to_picture(frame, fmt, 8, 6)
    assert back.shape == fmt.shape(8, 6)
    assert np.array_equal(back, picture)


@pytest.mark.parametrize(
    ("name", "size"),
    [("Mono8", 96), ("Mono12", 192), ("Mono12p", 144), ("BayerRG10p", 120), ("RGB8", 288)],
)
def test_bytes_of_a_frame(name: str, size: int) -> None:
    assert pixel_format(name).frame_bytes(12, 8) == size


def test_odd_mosaic_is_not_tiled() -> None:
    fmt = pixel_format("BayerGB8")
    assert fmt.tiling(6, 4) == "bayer-quadrants"
    assert fmt.tiling(6, 5) == fmt.tiling(5, 4) == "none"
    assert pixel_format("Mono8").tiling(6, 4) == "none"


def test_packed_line_must_fill_whole_bytes() -> None:
    with pytest.raises(RecordingError, match="width 9 does not fill whole bytes; use a multiple"):
        pixel_format("Mono12p").frame_bytes(9, 4)


def test_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(RecordingError, match=r"'YUV422' is not known; use one of Mono8"):
        pixel_format("YUV422")


def test_frame_of_another_size_is_refused() -> None:
    fmt = pixel_format("Mono8")
    with pytest.raises(RecordingError, match="frame of 12 bytes; Mono8 4x4 has 16"):
        as_bytes(np.zeros(12, np.uint8), fmt, 4, 4)
    assert as_bytes(np.zeros((4, 4), np.uint8), fmt, 4, 4).shape == (16,)
