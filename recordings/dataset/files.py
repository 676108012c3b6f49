"""Windows as files for other programs, one after another: npz, Zarr, webdataset. Never pickles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import Array, spans
from recordings.dataset.forms import Windows, stacked
from recordings.errors import RecordingError
from recordings.extras import of_extra

_CHUNK: Final = 64  # windows a chunk of Zarr


def to_npz(study: Windows, folder: Path) -> list[Path]:
    """See `Study.to_npz`; where there are no labels, none is written."""
    _make(folder, "*.npz")
    paths = []
    for number in range(len(study)):
        item = study[number]
        path = folder / f"{item['key']}.npz"
        arrays: dict[str, Any] = {
            name: np.asarray(value) for name, value in item.items() if value is not None
        }
        np.savez(path, allow_pickle=False, **arrays)
        paths.append(path)
    return paths


def to_zarr(study: Windows, path: Path) -> None:
    """See `Study.to_zarr`; shorter windows are padded as `to_numpy` has it.

    Raises:
        RecordingError: zarr is not installed, or something is there already.
    """
    with of_extra("study", "zarr"):
        import zarr
    if path.exists():
        raise RecordingError(f"{path}: exists already; name another, or delete it")
    group = zarr.open_group(path, mode="w-")
    keys: list[str] = []
    for part in spans(len(study), _CHUNK):  # whole chunks: each is compressed once
        block = stacked([study[n] for n in range(part.start, part.stop)], study.signals)
        keys += block["key"].tolist()
        for name in study.signals:
            for array in (name, f"{name}_mask", f"{name}_times"):
                _put(group, array, part, len(study), block[array])
    abouts = {"label": study.labels, "participant": study.participants, "key": keys}
    for name, values in abouts.items():
        group.attrs[name] = [_plain(value) for value in values]
    group.attrs["channels"] = {name: list(study.channels(name)) for name in study.signals}


def _put(group: Any, name: str, part: slice, count: int, values: Array) -> None:
    inner = values.shape[1:]
    if name not in group:
        empty = np.nan if values.dtype.kind == "f" else values.dtype.type(0)
        chunks = (min(_CHUNK, count), *(max(size, 1) for size in inner))
        shape = (count, *inner)
        group.create_array(name, shape=shape, chunks=chunks, dtype=values.dtype, fill_value=empty)
    array = group[name]
    if inner[0] > array.shape[1]:
        array.resize((array.shape[0], *inner))
    array[part, : inner[0]] = values


def to_webdataset(study: Windows, folder: Path, per_shard: int) -> list[Path]:
    """See `Study.to_webdataset`.

    Raises:
        RecordingError: webdataset is not installed, or there are shards already.
    """
    with of_extra("study", "webdataset"):
        import webdataset as wds
    _make(folder, "shard-*.tar")
    arrays = [(name, f"{name}{part}") for name in study.signals for part in ("", "_mask", "_times")]
    pattern = str(folder).replace("%", "%%") + "/shard-%05d.tar"
    with wds.ShardWriter(pattern, maxcount=per_shard, verbose=0) as writer:
        for number in range(len(study)):
            item = study[number]
            about = {k: _plain(item[k]) for k in ("label", "participant")}
            sample: dict[str, Any] = {"__key__": item["key"], "json": json.dumps(about).encode()}
            sample |= {f"{part}.npy": item[part] for _, part in arrays}
            writer.write(sample)
    return sorted(folder.glob("shard-*.tar"))


def _make(folder: Path, files: str) -> None:
    """Make a folder without such files: those of another time would be taken for these."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{folder}: cannot be made ({error.strerror}); name another folder"
        ) from error
    if (other := next(folder.glob(files), None)) is not None:
        raise RecordingError(f"{other}: exists already; name another folder, or delete them")


def _plain(value: Any) -> Any:
    """Return a label as JSON has it."""
    return value.item() if isinstance(value, np.generic) else value
