"""Two coders' disagreements, worst first, both shown; a key keeps one, the other, a third, none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.coding.desk import Desk
from gui.coding.keys import Deed, KeyTable, bound, digit
from gui.coding.pane import CodingPane
from gui.coding.rows import Rows
from gui.coding.shot import Shot
from gui.coding.words import row_text
from gui.texts import tr
from gui.widgets.plain_label import PlainLabel
from recordings.annotation.agreement.arbitration import (
    Case,
    cases,
    dropped,
    judged_by_either,
    revised,
    settled,
    undecided,
    withdrawn,
)
from recordings.annotation.journal import Change
from recordings.annotation.model import Choice, Coding, Event, Visible
from recordings.annotation.scheme import Scheme
from recordings.annotation.store import CodingStore

_CHOICES: dict[str, Choice] = {"1": "first", "2": "second", "3": "third", "0": "neither"}


class ArbiterDesk(Desk):
    """The desk of a consensus: what is edited there is a third, decided by who edits it."""

    def __init__(
        self,
        store: CodingStore,
        scheme: Scheme,
        shots: dict[str, Shot],
        visible: Iterable[Visible],
        coders: tuple[str, str],
        by: str,
    ) -> None:
        """Begin at the first camera; `by` decides between the coders."""
        super().__init__(store, scheme, shots, visible)
        self.coders, self.by = coders, by

    def _keep(self, event: Event) -> None:
        known = self.coding.decisions.get(event.id)
        self.store.put_decision(revised(known, event, self.coders, self.by), event)

    def _drop(self, event: Event) -> None:
        known = self.coding.decisions.get(event.id)
        changes = [Change(shelf="events", before=event)]
        if known is not None:
            after = dropped(known, self.by)
            changes.append(Change(shelf="decisions", before=known, after=after))
        self.store.edit(changes)


class ArbiterPart:
    """An `Arbiter` of the pane, whose file is the consensus."""

    def __init__(
        self,
        pane: CodingPane,
        desk: ArbiterDesk,
        codings: tuple[Coding, Coding],
        keys: KeyTable,
    ) -> None:
        """Show the disagreements of the desk's two coders, whose codings these are."""
        self._pane, self._desk, self._keys = pane, desk, keys
        self._coders, self._codings, self._by = desk.coders, codings, desk.by
        every = {camera for coding in codings for camera in coding.cameras}
        self._all = {camera: cases(*codings, camera) for camera in sorted(every)}
        self._places: dict[str, int] = {}
        self._widget = QWidget()
        self.left, self.list = PlainLabel(), Rows(tr("Disagreements"))
        self.list.clicked.connect(lambda index: self._show(index.row()))
        told = tr("1 2 keep one   3 a third, to be edited   0 neither   U undecided")
        self.both = PlainLabel(word_wrap=True)
        self.keys = PlainLabel(told, word_wrap=True, muted=True)
        box = QVBoxLayout(self._widget)
        box.setContentsMargins(0, 0, 0, 0)
        widgets: tuple[QWidget, ...] = (self.left, self.list, self.both, self.keys)
        for widget in widgets:
            box.addWidget(widget)

    @property
    def widget(self) -> QWidget:
        """What is shown."""
        return self._widget

    @property
    def cases(self) -> list[Case]:
        """What is to be decided of the camera, worst first."""
        return [case for case in self._all.get(self._desk.camera, []) if case.reasons]

    @property
    def _at(self) -> int:
        """The case in hand; of a camera that was not begun, its first that is undecided."""
        found = self.cases
        at = self._places.get(self._desk.camera)
        if at is None:
            open_ = self._open(found)
            at = next((n for n, case in enumerate(found) if case.id in open_), 0)
        return max(0, min(at, len(found) - 1))

    @property
    def _is_begun(self) -> bool:
        return self._desk.camera in self._places

    def begin(self) -> None:
        """Go to the first case that is undecided: nobody decides on what was not looked at."""
        if self.cases:
            self._show(self._at)

    def keep_agreed(self) -> None:
        """Keep, as one edit, what both agree on or one alone has looked at.

        Decisions whose events are no longer those of a case are taken back in the same edit, which
        is said.

        Raises:
            RecordingError: the disk refuses.
        """
        store, known = self._desk.store, self._desk.coding
        if not store.writable:
            return
        changes = withdrawn((c for found in self._all.values() for c in found), known)
        gone = sum(change.shelf == "decisions" for change in changes)
        for case in undecided(
            (c for found in self._all.values() for c in found if not c.reasons),
            known.decisions.values(),
        ):
            decision, event = settled(case, self._coders, case.uncontested, self._by)
            before = known.decisions.get(case.id)
            changes.append(Change(shelf="decisions", before=before, after=decision))
            old = known.events.get(case.id)
            changes.append(Change(shelf="events", before=old, after=event))
        changes += judged_by_either(*self._codings, known)
        if changes:
            store.edit(changes)
        if gone:
            text = tr(
                "{} decisions taken back: a coder has deleted or changed what they were about"
            )
            store.notes.append(text.format(gone))
        if alone := sum(case.alone for found in self._all.values() for case in found):
            text = tr(
                "{} events of one coder are kept: the other has marked nothing as looked at there"
            )
            store.notes.append(text.format(alone))

    def take_key(self, event: QKeyEvent) -> Callable[[], str] | None:
        """Return what a key does, None where the pane has it."""
        choice = _CHOICES.get(digit(event, self._keys))
        if choice is not None:
            return lambda: self._decide(choice)
        found = bound(event, "unisono")
        if found in (Deed.NEXT, Deed.PREVIOUS):
            return lambda: self._step(1 if found is Deed.NEXT else -1)
        return self._next_undecided if found is Deed.NEXT_UNCODED else None

    def renew(self) -> None:
        """Show what is decided now."""
        found = self.cases
        open_ = self._open(found)
        self.left.setText(tr("{} of {} undecided").format(len(open_), len(found)))
        rows = [f"{'○' if c.id in open_ else '●'} {c.frame:,}   {_reasons(c)}" for c in found]
        self.list.show_rows(rows, self._at if found else -1)
        self.both.setText(self._both(found[self._at]) if found else "")

    def _both(self, case: Case) -> str:
        events = zip((1, 2), self._coders, (case.first, case.second), strict=True)
        lines = [f"{n} {who}: {row_text(e, False) if e else tr('nothing')}" for n, who, e in events]
        decision = self._desk.coding.decisions.get(case.id)
        if decision is not None:
            kept = self._kept(decision.choice)
            lines.append(tr("kept: {}, by {}").format(kept, decision.by))
        return "\n".join(lines)

    def _kept(self, choice: Choice) -> str:
        first, second = self._coders
        return {
            "first": first,
            "second": second,
            "third": tr("a third"),
            "neither": tr("neither"),
            "agreed": tr("what both said"),
            "alone": tr("what one alone said"),
        }[choice]

    def _show(self, at: int) -> str:
        found = self.cases
        if not 0 <= at < len(found):
            return tr("no further disagreement")
        self._places[self._desk.camera] = at
        kept = self._desk.coding.events.get(found[at].id)
        self._desk.current = kept.id if kept is not None else ""
        self._pane.cursor.go_to_frame(found[at].frame)
        self._pane.renew()
        return ""

    def _step(self, by: int) -> str:
        return self._show(self._at + by if self._is_begun else self._at)

    def _next_undecided(self) -> str:
        found = self.cases
        open_ = self._open(found)
        after = self._at + self._is_begun
        order = [*range(after, len(found)), *range(after)]
        at = next((n for n in order if n < len(found) and found[n].id in open_), None)
        return self._show(at) if at is not None else self._all_decided()

    def _open(self, found: Iterable[Case]) -> set[str]:
        """Return which cases with something to decide are not decided."""
        decisions = self._desk.coding.decisions.values()
        return {case.id for case in undecided(found, decisions) if case.reasons}

    def _all_decided(self) -> str:
        counts = {name: len(self._open(found)) for name, found in self._all.items()}
        elsewhere = (name for name in counts if name != self._desk.camera)
        others = [f"{n} {counts[n]}" for n in elsewhere if counts[n] and self._desk.codes(n)]
        if others:
            return tr("all is decided here; undecided of other cameras: {}").format(
                ", ".join(others)
            )
        return tr("all is decided")

    def _third(self, case: Case) -> Event | None:
        """Return the third that there is, which somebody has edited, else a copy to be edited."""
        coding = self._desk.coding
        known = coding.decisions.get(case.id)
        edited = known is not None and known.choice == "third"
        kept = coding.events.get(case.id) if edited else None
        return kept or case.first or case.second

    def _decide(self, choice: Choice) -> str:
        if not self.cases:
            return tr("no further disagreement")
        case = self.cases[self._at]
        self._places[self._desk.camera] = self._at  # begun, by whoever decides
        third = self._third(case) if choice == "third" else None
        try:
            decision, event = settled(case, self._coders, choice, self._by, third)
        except ValueError:
            return tr("there is no such event to keep")
        self._desk.store.put_decision(decision, event)
        if choice != "third":
            return self._next_undecided()
        self._desk.current = decision.event  # the keys of coding edit it now
        return tr("a third: edit it, then U")


def _reasons(case: Case) -> str:
    names = {
        "missing": tr("missing"),
        "kind": tr("type"),
        "emotion": tr("emotion"),
        "units": tr("action units"),
        "boundary": tr("boundary"),
    }
    return ", ".join(names[reason] for reason in case.reasons)
