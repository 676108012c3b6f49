"""What can be done with a session beyond the buttons: a menu, filled for the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu

from acquire.server.api.session_models import SessionInfo
from gui.texts import tr
from recordings.certificate import Verdict

KINDS = ("bids", "edf", "csv")


@dataclass(frozen=True, slots=True)
class Actions:
    """What the menu has done; each hears the session."""

    review: Callable[[SessionInfo], None]
    read_contents: Callable[[SessionInfo], None]
    mark: Callable[[SessionInfo], None]
    withdraw: Callable[[SessionInfo], None]
    copy: Callable[[SessionInfo], object]
    repair: Callable[[SessionInfo], None]
    export: Callable[[SessionInfo, str], None]
    copy_command: Callable[[SessionInfo, str], None]


def fill(menu: QMenu, row: SessionInfo, actions: Actions, *, same_computer: bool) -> None:
    """Fill the menu; what has to be done where the files are is dim elsewhere."""
    menu.clear()

    def add(text: str, action: Callable[[], object], *, enabled: bool = True) -> None:
        made = menu.addAction(text)
        made.setEnabled(enabled)
        made.triggered.connect(lambda _=False: action())

    whole = not row.problem
    add(tr("Review"), lambda: actions.review(row), enabled=whole and same_computer)
    add(tr("Check the contents"), lambda: actions.read_contents(row), enabled=whole)
    add(tr("Copy to…"), lambda: actions.copy(row), enabled=whole and same_computer)
    # A copy of what is whole would be one session more, in every export.
    damaged = row.verdict is not Verdict.PASS or row.outdated
    repairable = whole and same_computer and damaged
    add(tr("Repair"), lambda: actions.repair(row), enabled=repairable)
    menu.addSeparator()
    usable = whole and not row.unusable
    for kind in KINDS:
        text = tr("Export as {}").format(kind.upper())
        add(text, lambda k=kind: actions.export(row, k), enabled=usable and same_computer)  # type: ignore[misc]
    for kind in KINDS:
        text = tr("Copy the command for {}").format(kind.upper())
        add(text, lambda k=kind: actions.copy_command(row, k), enabled=usable)  # type: ignore[misc]
    menu.addSeparator()
    mark = tr("Usable again") if row.unusable else tr("Mark as not usable…")
    add(mark, lambda: actions.mark(row), enabled=whole)
    add(tr("Withdraw participant…"), lambda: actions.withdraw(row), enabled=whole)
