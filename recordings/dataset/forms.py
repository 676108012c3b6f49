"""All windows in memory at once: padded arrays, and as an xarray Dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from typing import Any, Protocol

import numpy as np

from recordings.arrays import Array
from recordings.extras import of_extra


class Windows(Sized, Protocol):
    """What a study is for the forms."""

    signals: dict[str, Any]

    @property
    def labels(self) -> list[Any]:
        """Of each window."""

    @property
    def participants(self) -> list[str]:
        """Of each window."""

    def __getitem__(self, number: int, /) -> dict[str, Any]: ...

    def channels(self, name: str, /) -> tuple[str, ...]:
        """Labels of a signal's channels."""


def to_numpy(study: Windows) -> dict[str, Any]:
    """See `Study.to_numpy`."""
    return stacked([study[number] for number in range(len(study))], list(study.signals))


def stacked(items: Sequence[dict[str, Any]], signals: Iterable[str]) -> dict[str, Any]:
    """Return windows as arrays with one axis more, the first.

    What is padded is NaN (0 in pictures), times too; its mask is False.
    """
    out: dict[str, Any] = {}
    for name in signals:
        for part, empty in ((name, np.nan), (f"{name}_mask", False), (f"{name}_times", np.nan)):
            out[part] = padded([item[part] for item in items], empty)
    for name in ("label", "participant", "key"):
        out[name] = np.array([item[name] for item in items])
    return out


def padded(parts: Sequence[Array], empty: float) -> Array:
    """Return arrays that differ in length alone as one; whole numbers are padded with 0."""
    longest = max(len(part) for part in parts)
    first = parts[0]
    fill = empty if first.dtype.kind in "fb" else 0
    out = np.full((len(parts), longest, *first.shape[1:]), fill, first.dtype)
    for row, part in zip(out, parts, strict=True):
        row[: len(part)] = part
    return out


def to_xarray(study: Windows) -> Any:
    """See `Study.to_xarray`."""
    with of_extra("study", "xarray"):
        import xarray as xr
    found = to_numpy(study)
    data: dict[str, Any] = {}
    coords: dict[str, Any] = {
        "participant": ("window", found["participant"]),
        "label": ("window", found["label"]),
        "window": found["key"],
    }
    for name in study.signals:
        inner = [f"{name}_channel"]
        if found[name].ndim == 4:  # pictures
            inner = []
        else:
            coords[inner[0]] = list(study.channels(name))
        if found[name].ndim > 3:
            inner += [f"{name}_y", f"{name}_x"]
        data[name] = (("window", f"{name}_sample", *inner), found[name])
        for part in ("mask", "times"):
            data[f"{name}_{part}"] = (("window", f"{name}_sample"), found[f"{name}_{part}"])
    return xr.Dataset(data, coords)
