"""From pictures to traces: what each region of a face does, frame after frame.

A face is found once in a stretch of frames and followed from there. Each frame is compared with a
reference, the crop of an earlier one, which is renewed every `RENEWED` frames so that light and
pose stay alike; where it is renewed the trace goes on from its last value, so that a trace is one
line and no window of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array, U8Array
from recordings.motion.alignment import Fit, Flow, cut, fit_head, is_alike, residual, rigid_places
from recordings.motion.anatomy import CROP, PLACES, Face, chained

RENEWED: Final = 100
"""Frames after which the reference is renewed."""
_POSTPONED: Final = 15  # frames more, while the eyes are shut
_SEARCHED: Final = 15  # of so many frames without a face one is searched
_REACH: Final = 10  # px of the crop around a point
_EVERY: Final = 2  # of its pixels: flow is smoother than that
_STRONGEST: Final = 0.3
_EYE_HALF: Final = (20, 10)
_OPEN: Final = 0.92  # of the contrast of an open eye: a reference has no lid half down
_OPENER: Final = 1.1  # over the reference's contrast: that one was taken in a blink

COLUMNS: Final = (
    *(f"{place}-{way}" for place in PLACES for way in ("right", "down")),
    "eyes",
    "turn",
    "nod",
    "lean",
    "head-x",
    "head-y",
    "fitting",
)
"""What is measured of a frame.

Of each place how far it is to the right and down of where it was at first, px of the crop, the
head's motion taken out. `eyes`: contrast within the eyes. Angles of the head in degrees, NaN
without landmarks. Where the middle of the crop is, px of the brightness picture. The share of the
face that moves with the head. All NaN: no face.
"""
_PLACE_COLUMNS: Final = 2 * len(PLACES)


class Seen(NamedTuple):
    """A face that was found in a picture, and the angles of its head where they are known."""

    face: Face
    angles: tuple[float, float, float]


class Finder(Protocol):
    """Finds a face; `name` says by what."""

    name: str

    def find(self, gray: U8Array) -> Seen | None:
        """Return the face in a picture, if there is one."""

    def angles(self, gray: U8Array) -> tuple[float, float, float]:
        """Return turn, nod and lean of the face found or followed last; NaN where unknown."""


@dataclass(slots=True)
class _Reference:
    """A crop to compare with, the traces' values there, and the contrast in the eyes."""

    crop: U8Array
    values: F64Array  # (places, 2)
    eyes: float
    age: int = 0


class Tracer:
    """Follows one face through the frames of a stretch."""

    def __init__(self, finder: Finder) -> None:
        self._finder, self._flow = finder, Flow()
        self._face: Face | None = None
        self._rigid: BoolArray = np.zeros((0, 0), np.bool_)
        self._pixels: list[I64Array] = []
        self._to_picture = np.zeros((2, 3))
        self._reference: _Reference | None = None
        self._values = np.zeros((len(PLACES), 2))
        self._open = 0.0
        self._without = 0

    def trace(self, pictures: Iterable[U8Array]) -> F64Array:
        """Return a row of `COLUMNS` for each picture, shape (n, columns)."""
        rows = [self._row(gray) for gray in pictures]
        return np.array(rows).reshape(-1, len(COLUMNS))

    def _row(self, gray: U8Array) -> F64Array:
        row = np.full(len(COLUMNS), np.nan)
        if self._reference is None and not self._begin(gray):
            return row
        assert self._reference is not None
        crop = cut(gray, self._to_picture)
        then = self._reference.crop
        flow = self._flow.between(then, crop)
        fit = fit_head(flow, self._rigid)
        if not (fit.is_good and is_alike(then, crop, fit.matrix, self._rigid)):
            self._reference, self._without = None, 0
            return row
        self._values = self._reference.values + self._moved(flow, fit)
        self._to_picture = chained(self._to_picture, fit.matrix)
        eyes = self._contrast(crop)
        self._open = max(self._open * 0.999, eyes)
        self._renew(gray, eyes)
        row[:_PLACE_COLUMNS] = self._values.ravel()
        middle = self._to_picture @ (CROP / 2, CROP / 2, 1)
        row[_PLACE_COLUMNS:] = (eyes, *self._finder.angles(gray), *middle, fit.fitting)
        return row

    def _begin(self, gray: U8Array) -> bool:
        """Search a face; not in every picture where there is none."""
        self._without += 1
        if self._without % _SEARCHED != 1:
            return False
        seen = self._finder.find(gray)
        if seen is None:
            return False
        self._face = seen.face
        self._to_picture = seen.face.to_picture
        self._rigid = rigid_places(seen.face.eye_centres)
        self._pixels = [_around(points) for points in seen.face.places]
        self._open = 0.0
        self._refer_to(cut(gray, self._to_picture))
        return True

    def _moved(self, flow: F64Array, fit: Fit) -> F64Array:
        """Return how each place moved, shape (places, 2): its strongest vectors' mean."""
        found = np.zeros((len(PLACES), 2))
        for number, pixels in enumerate(self._pixels):
            vectors = residual(flow, fit.matrix, pixels)
            size = np.einsum("ij,ij->i", vectors, vectors)
            first = int(len(size) * (1 - _STRONGEST))
            found[number] = vectors[np.argpartition(size, first)[first:]].mean(axis=0)
        return found

    def _contrast(self, crop: U8Array) -> float:
        assert self._face is not None
        boxes = [_box(centre, _EYE_HALF) for centre in self._face.eye_centres]
        return float(np.mean([crop[box].std() for box in boxes]))

    def _renew(self, gray: U8Array, eyes: float) -> None:
        reference = self._reference
        assert reference is not None
        reference.age += 1
        due = reference.age >= RENEWED
        shut = eyes < _OPEN * self._open and reference.age < RENEWED + _POSTPONED
        if (due and not shut) or eyes > _OPENER * reference.eyes:
            self._refer_to(cut(gray, self._to_picture))

    def _refer_to(self, crop: U8Array) -> None:
        """Compare what follows with this crop; the traces go on from where they are."""
        self._reference = _Reference(crop, self._values, self._contrast(crop))


def _around(points: F64Array) -> I64Array:
    """Return pixels (column, row) around the points of a place, each once, shape (n, 2)."""
    found: list[I64Array] = []
    for point in points:
        rows, columns = _box(point, (_REACH, _REACH))
        ys, xs = np.mgrid[rows.start : rows.stop : _EVERY, columns.start : columns.stop : _EVERY]
        found.append(np.column_stack([xs.ravel(), ys.ravel()]))
    return np.unique(np.concatenate(found), axis=0)


def _box(point: F64Array, half: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns around a point of the crop, as far as they lie in it."""
    (x, y), (across, down) = np.rint(point).astype(int), half
    x, y = (int(np.clip(value, 2, CROP - 3)) for value in (x, y))
    rows = slice(max(0, y - down), min(CROP, y + down + 1))
    return rows, slice(max(0, x - across), min(CROP, x + across + 1))
