"""The axes of the plot: texts that are told at the sides, minutes and seconds below."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from gui.review.wording import clock


class TimeAxis(pg.AxisItem):
    """Texts where they are told at the sides; minutes and seconds below."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        if name != "bottom":
            self.setStyle(tickLength=0, autoExpandTextSpace=False, hideOverlappingLabels=False)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Write moments as minutes and seconds from the start."""
        digits = max(0, min(4, int(np.ceil(-np.log10(spacing))))) if spacing < 1 else 0
        return [clock(value, digits) for value in values]
