"""Array types by what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
F32Array = npt.NDArray[np.float32]
F64Array = npt.NDArray[np.float64]
I16Array = npt.NDArray[np.int16]
I64Array = npt.NDArray[np.int64]
U8Array = npt.NDArray[np.uint8]
U16Array = npt.NDArray[np.uint16]
