"""Mosaics to colours, depths to 8 bits, and what differs between two pictures."""

from __future__ import annotations

import numpy as np
import pytest

from recordings.review import develop
from recordings.video.pixel_formats import PIXEL_FORMATS, Picture, pixel_format

COLOURS = {"R": 200, "G": 100, "B": 40}


def mosaic(name: str, width: int = 64, height: int = 48) -> Picture:
    fmt = pixel_format(name)
    cell = np.array([COLOURS[letter] for letter in fmt.pattern], np.uint16).reshape(2, 2)
    picture = np.tile(cell, (height // 2, width // 2)) << (fmt.bits - 8)
    return picture.astype(fmt.dtype)


@pytest.mark.parametrize("size", [(64, 48), (32, 24), (20, 15), (200, 150), (640, 480)])
@pytest.mark.parametrize(
    "name", [n for n, f in PIXEL_FORMATS.items() if f.pattern and not f.packed]
)
def test_an_even_colour_keeps_its_red_green_and_blue(name: str, size: tuple[int, int]) -> None:
    picture, fmt = mosaic(name), pixel_format(name)
    shown = develop.show(picture, fmt, develop.whole(picture), size)
    found = develop.to_8_bits(shown, fmt.bits)
    assert found.shape == (size[1], size[0], 3)
    middle = found[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4]
    wanted = np.array([COLOURS[letter] for letter in "RGB"])
    assert np.abs(middle.astype(int) - wanted).max() <= 1


def test_a_part_is_that_part() -> None:
    picture = np.zeros((40, 60), np.uint8)
    picture[10:20, 30:40] = 255
    shown = develop.show(picture, pixel_format("Mono8"), (30, 10, 10, 10), (50, 50))
    assert (shown == 255).all()


@pytest.mark.parametrize("size", [(54, 42), (40, 31), (25, 20), (7, 5)])
def test_a_smaller_picture_shows_no_pattern_that_is_not_there(size: tuple[int, int]) -> None:
    """What is finer than a pixel of the screen is its mean, and a ramp stays one."""
    rows, columns = np.mgrid[:97, :128]
    board = ((rows + columns) % 2 * 200).astype(np.uint8)
    shown = develop.show(board, pixel_format("Mono8"), (0, 0, 128, 97), size)
    assert shown.shape == size[::-1]
    assert np.abs(shown.astype(int) - 100).max() <= 2
    ramp = (columns * 2).astype(np.uint8)
    shown = develop.show(ramp, pixel_format("Mono8"), (0, 0, 128, 97), size)
    wanted = (np.arange(size[0]) + 0.5) * 256 / size[0] - 1
    assert np.abs(shown - wanted).max() <= 3


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_the_whole_range_becomes_black_to_white(bits: int) -> None:
    top = (1 << bits) - 1
    ramp = np.array([[0, top // 2, top]], np.uint8 if bits == 8 else np.uint16)
    assert develop.to_8_bits(ramp, bits).tolist()[0] in ([0, 127, 255], [0, 128, 255])
    light = develop.to_8_bits(ramp, bits, 2.2)[0]
    assert light[0] == 0
    assert light[2] == 255
    assert 180 <= light[1] <= 190


def test_a_box_is_moved_into_the_picture_on_whole_mosaic_cells() -> None:
    for box in ((-9, -9, 31, 17), (95, 60, 40, 40), (0, 0, 999, 999), (7, 5, 1, 1)):
        left, top, width, height = develop.inside(box, 100, 64)
        assert left >= 0
        assert top >= 0
        assert left + width <= 100
        assert top + height <= 64
        assert [n % 2 for n in (left, top, width, height)] == [0, 0, 0, 0]
        assert width >= 2
        assert height >= 2


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.25), (3.0, 2.0), (-7.5, 4.0)])
def test_a_shift_is_measured_and_taken_out(shift: tuple[float, float]) -> None:
    y, x = np.mgrid[0:240, 0:320].astype(np.float64)

    def drawn(dx: float, dy: float) -> Picture:
        waves = np.sin((x - dx) / 9) + np.cos((y - dy) / 7) + np.sin((x - dx + y - dy) / 23)
        spot = 3 * np.exp(-(((x - dx - 150) / 30) ** 2) - ((y - dy - 110) / 30) ** 2)
        drawing: Picture = np.round(80 + 20 * waves + 20 * spot).astype(np.uint8)
        return drawing

    changed, found = develop.difference(drawn(*shift), drawn(0, 0), 5.0)
    assert np.hypot(found[0] - shift[0], found[1] - shift[1]) < 0.15
    inner = changed[20:-20, 20:-20].astype(int)
    assert np.abs(inner - 128).mean() < 12


def test_what_moves_alone_is_seen() -> None:
    rng = np.random.default_rng(0)
    then = rng.integers(60, 120, (200, 200), np.uint8)
    now = then.copy()
    now[90:110, 90:110] += 8
    changed, shift = develop.difference(now, then, 10.0)
    assert np.hypot(*shift) < 0.1
    assert (changed[95:105, 95:105] > 190).all()
    assert abs(int(changed[:50].mean()) - 128) <= 1


def test_even_pictures_have_no_shift() -> None:
    flat = np.full((100, 100), 7, np.uint8)
    changed, shift = develop.difference(flat, flat, 20.0)
    assert shift == (0.0, 0.0)
    assert (changed == 128).all()
