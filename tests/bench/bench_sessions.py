"""The list of sessions: how soon its first rows are there, in a window on the simulated rig.

python -m tests.bench.bench_sessions

1,000 sessions that were recorded and checked, offscreen, from the moment in which the tab is
brought to the front to that in which rows are in the table. The first time the engine reads what
it shows; later it looks at what has changed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from recordings.manifest import Manifest
from tests.bench import private_lsl
from tests.bench.bench_study import SESSIONS, many_sessions
from tests.gui.windows import Names, idle, window

FIRST_S, TIMES = 0.3, 9


def until(condition: Callable[[], object]) -> float:
    """Let Qt work until something is so; gives how long it took, s."""
    began = time.monotonic()
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)
    return time.monotonic() - began


def first_rows(found: RecorderWindow) -> float:
    events, sessions = (found.findChild(QDockWidget, name) for name in ("events", "sessions"))
    assert events is not None
    assert sessions is not None
    events.raise_()
    QTest.qWait(1000)  # what was asked for before is there
    found.sessions.table.show_page((), 0, is_last=True)
    sessions.raise_()
    took = until(lambda: found.sessions.rows)
    until(lambda: len(found.sessions.rows) == SESSIONS)
    return took


def _is_checked(report: Path) -> None:
    """Make a report one of its session as it is: else all are checked meanwhile."""
    told = json.loads(report.read_text("utf-8"))
    report.write_text(json.dumps(told | {"digest": Manifest.load(report.parent).digest()}))
    report.with_suffix(".html").touch()


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    private_lsl()
    _application = QApplication([])
    with tempfile.TemporaryDirectory() as temporary:
        folder, names = Path(temporary), Names()
        data = many_sessions(folder).parent
        for report in data.glob("*/*/*/*/report.json"):
            _is_checked(report)
        with window(WindowOrder(names.rig(folder), data_dir=data)) as found:
            idle(found)
            QTest.qWait(5000)
            took = [first_rows(found) for _ in range(TIMES)]
    later = median(took[1:])
    print(f"first rows of {SESSIONS} sessions: {took[0]:.2f} s, later {later:.2f} s (median)")
    print(f"limit {FIRST_S} s", "" if max(took[0], later) <= FIRST_S else "MISSED")
    return 0 if max(took[0], later) <= FIRST_S else 1


if __name__ == "__main__":
    sys.exit(main())
