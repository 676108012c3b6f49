"""Windows as PyTorch tensors, where PyTorch is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recordings.dataset.forms import Windows, stacked
from recordings.errors import RecordingError


def to_torch(study: Windows) -> Any:
    """See `Study.to_torch`.

    Raises:
        RecordingError: PyTorch is not installed.
    """
    try:
        import torch
        from torch.utils.data import Dataset
    except ImportError:
        raise RecordingError(
            "PyTorch is not installed; see pytorch.org. Without it a study has __len__ and "
            "__getitem__, which is all that a map-style dataset needs"
        ) from None

    def tensors(item: dict[str, Any]) -> dict[str, Any]:
        return {name: as_tensor(value) for name, value in item.items()}

    def as_tensor(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            known = value.dtype.kind in "fiub"
            return torch.from_numpy(np.ascontiguousarray(value)) if known else value.tolist()
        return torch.tensor(value) if isinstance(value, bool | int | float) else value

    class Tensors(Dataset):  # type: ignore[misc, unused-ignore]
        """A study as tensors. What is unknown is NaN in an item, and 0 in what `collate` gives."""

        def __len__(self) -> int:
            return len(study)

        def __getitem__(self, number: int) -> dict[str, Any]:
            return tensors(study[number])

        def collate(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
            """Return a batch: padded, unknown values 0; masks say where."""
            plain = [
                {k: v.numpy() if isinstance(v, torch.Tensor) else v for k, v in item.items()}
                for item in items
            ]
            batch = stacked(plain, study.signals)
            for name in study.signals:
                batch[name] = np.nan_to_num(batch[name])
                batch[f"{name}_times"] = np.nan_to_num(batch[f"{name}_times"])
            return tensors(batch)

    return Tensors()
