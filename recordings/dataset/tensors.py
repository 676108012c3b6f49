"""Windows as PyTorch tensors, where PyTorch is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recordings.dataset.forms import Windows, stacked
from recordings.errors import RecordingError


def to_torch(study: Windows) -> Tensors:
    """See `Study.to_torch`.

    Raises:
        RecordingError: PyTorch is not installed.
    """
    try:
        import torch  # noqa: F401 - here, not in a worker, is it told to be missing
    except ImportError:
        raise RecordingError(
            "PyTorch is not installed; see pytorch.org. Without it a study has __len__ and "
            "__getitem__, which is all that a map-style dataset needs"
        ) from None
    return Tensors(study)


class Tensors:
    """A study as tensors. What is unknown is NaN in an item, and 0 in what `collate` gives.

    A map-style dataset by what it can do, and of no class of PyTorch's: so it can be given to
    workers that are spawned.
    """

    def __init__(self, study: Windows) -> None:
        self._study = study

    def __len__(self) -> int:
        return len(self._study)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return _tensors(self._study[number])

    def collate(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return a batch: padded, unknown values 0; masks say where."""
        signals = self._study.signals
        batch = stacked([_plain(item) for item in items], signals)
        for name in signals:
            batch[name] = np.nan_to_num(batch[name])
            batch[f"{name}_times"] = np.nan_to_num(batch[f"{name}_times"])
        return _tensors(batch)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    return {k: v.numpy() if isinstance(v, torch.Tensor) else v for k, v in item.items()}


def _tensors(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_tensor(value) for name, value in item.items()}


def _as_tensor(value: Any) -> Any:
    import torch

    if isinstance(value, np.ndarray):
        known = value.dtype.kind in "fiub"
        return torch.from_numpy(np.ascontiguousarray(value)) if known else value.tolist()
    return torch.tensor(value) if isinstance(value, bool | int | float) else value
