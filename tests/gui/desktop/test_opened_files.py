"""A file that the system hands over opens in a review; what is none is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from gui.client import opened_files


def test_a_file_that_is_handed_over(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed: list[Path] = []
    problems: list[str] = []
    listener = opened_files.OpenedFiles(problems.append, qapp)
    qapp.installEventFilter(listener)
    try:
        QCoreApplication.sendEvent(qapp, QFileOpenEvent(str(tmp_path / "none.xdf")))
        assert len(problems) == 1, "it is no recording"
        monkeypatch.setattr(opened_files, "open_review", reviewed.append)
        QCoreApplication.sendEvent(qapp, QFileOpenEvent(str(tmp_path / "a.xdf")))
        assert reviewed == [tmp_path / "a.xdf"]
        assert not listener.eventFilter(qapp, QEvent(QEvent.Type.Timer))
    finally:
        qapp.removeEventFilter(listener)
