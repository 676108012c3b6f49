"""What is written beside the signals of the review is there, however long it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from gui.widgets import theme
from tests.gui.review.reviewing import review
from tests.gui.review.walking import session


@pytest.mark.parametrize("label", ["Cz", "EMG zygomaticus major", "W" * 300])
def test_a_signal_has_a_name_beside_it(
    label: str, qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """pyqtgraph writes nothing of a name that it has no room for: there was none."""
    theme.apply(qapp)
    with review(session(tmp_path_factory.mktemp("review")).folder) as window:
        plot = window.stage.plot
        row = plot.rows[0]
        plot.show_rows([replace(row, channel=replace(row.channel, label=label))])
        axis = plot.getPlotItem().getAxis("left")
        pixels = QPixmap(200, 200)
        painter = QPainter(pixels)
        _, _, written = axis.generateDrawSpecs(painter)
        painter.end()
        assert len(written) == 1 + len(plot.lanes)
