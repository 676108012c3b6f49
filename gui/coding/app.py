"""`unisono review SESSION --as CODER`: the review with the coding pane, blind as the study says."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gui.coding.arbiter import ArbiterDesk, ArbiterPart
from gui.coding.desk import Desk
from gui.coding.keys import KeyTable
from gui.coding.pane import CodingPane
from gui.coding.shot import Shot, shots_of
from gui.coding.suggested import Suggestions, suggestions_of
from gui.review.app import run as show
from gui.review.window import ReviewWindow
from gui.texts import tr
from recordings.annotation.agreement.arbitration import in_order
from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.coder_file import (
    CONSENSUS,
    Paths,
    Who,
    annotations_folder,
    coder_of,
    who,
)
from recordings.annotation.frame_times import placed_all
from recordings.annotation.model import Visible
from recordings.annotation.plan import Plan, find_plan, load_plan
from recordings.annotation.scheme import SHIPPED, Scheme, load_scheme
from recordings.annotation.store import CodingStore
from recordings.errors import RecordingError
from recordings.layout import MOTION_NAME
from recordings.review.session import ReviewSession

DEFAULT_SCHEME: Final = "mmme"
SHOWN: Final[tuple[Visible, ...]] = ("markers", "signals", "participant")


@dataclass(frozen=True, slots=True)
class CodingOrder:
    """What is coded, by whom, and how.

    `annotations`: where coders' files lie, if not in the session; `scheme`: a shipped one or a
    file, "" for that of the coder's file, the study or the program; `arbitrate`: two coders between
    whom `coder` decides, in the file of the consensus; `motion`: where `unisono motion --to` wrote,
    if not in the session.
    """

    session: Path
    coder: str
    annotations: Path | None = None
    scheme: str = ""
    keys: KeyTable = "unisono"
    arbitrate: tuple[str, str] | None = None
    motion: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the coder's file lies."""
        return annotations_folder(self.session, self.annotations)

    @property
    def motion_folder(self) -> Path:
        """Where the files of `unisono motion` lie."""
        if self.motion is None:
            return self.session / MOTION_NAME
        return self.motion / self.session.resolve().name


class Coder:
    """A coder's file, open, and what the study's plan hides from that coder."""

    def __init__(
        self, order: CodingOrder, by: Who, plan: Plan | None, store: CodingStore, scheme: Scheme
    ) -> None:
        self.order, self.who, self.plan, self.store = order, by, plan, store
        self.scheme = scheme

    @property
    def hidden(self) -> tuple[Visible, ...]:
        """What the window does not show."""
        blind = self.plan is not None and self.order.arbitrate is None
        return self.plan.hide if self.plan is not None and blind else ()

    def sit_down(self, window: ReviewWindow) -> CodingPane:
        """Put the pane into a window of this session that hides what it should."""
        shots = shots_of(window.session, self.plan)
        wanted = self.plan.cameras if self.plan is not None else ()
        if lacking := [name for name in wanted if name not in shots]:
            text = tr("coding.toml has the camera {} coded, of which this session has no frames")
            self.store.notes.append(text.format(", ".join(lacking)))
        suggestions = self._suggestions(shots)
        visible = [name for name in SHOWN if name not in self.hidden]
        if suggestions:
            visible.append("suggestions")
        desk = self._desk(shots, visible)
        if not desk.codes(window.position.camera):
            window.use_camera(desk.camera)
        desk.use(window.position.camera)
        order = self.order
        pane = CodingPane(window, desk, str(self.who), order.keys, order.folder, suggestions)
        window.set_pane(pane)
        if isinstance(desk, ArbiterDesk):
            frames = {name: shot.frames for name, shot in shots.items()}
            codings = (coding_of(order.session, name, order.annotations) for name in desk.coders)
            first, second = (placed_all(coding, frames)[0] for coding in codings)
            part = ArbiterPart(pane, desk, (first, second), order.keys)
            part.keep_agreed()
            self._date(desk.coders)
            pane.arbitrate(part)
            part.begin()
        return pane

    def _desk(self, shots: dict[str, Shot], visible: Iterable[Visible]) -> Desk:
        if (coders := self.order.arbitrate) is None:
            return Desk(self.store, self.scheme, shots, visible)
        return ArbiterDesk(self.store, self.scheme, shots, visible, coders, str(self.who))

    def _suggestions(self, shots: Mapping[str, Shot]) -> dict[str, Suggestions]:
        """Read those of each camera, where neither the study nor this pass does without them."""
        off = self.plan is not None and not self.plan.suggestions
        if off or "suggestions" in self.hidden or self.order.arbitrate is not None:
            return {}
        found: dict[str, Suggestions] = {}
        for name, shot in shots.items():
            every, problem = suggestions_of(self.order.motion_folder, name, shot)
            if problem:
                self.store.notes.append(problem)
            if every is not None and every.marks:
                found[name] = every
        return found

    def _date(self, coders: tuple[str, str]) -> None:
        """Write a consensus anew that is older than a coder's file: it has been compared with it.

        Raises:
            RecordingError: the disk refuses.
        """
        own, *others = (
            Paths(self.order.folder, one).changed_ns for one in (Who(CONSENSUS), *map(who, coders))
        )
        if self.store.writable and own < max(others):
            self.store.compact()


@contextmanager
def coder(order: CodingOrder) -> Iterator[Coder]:
    """Open a coder's file, and close it.

    Raises:
        RecordingError: the coder's name, the session, the plan, the scheme or the file is not good;
            a file that cannot be read is left as it is.
    """
    by = coder_of(order.coder)
    found = find_plan(order.session)
    plan = load_plan(found) if found is not None else None
    _check(order.session, plan)
    scheme = _begun_with(order, plan, found)
    name = order.session.resolve().name
    if order.arbitrate is not None:
        for one in order.arbitrate:  # named before a consensus is begun
            if one.casefold() == CONSENSUS:
                raise RecordingError(f"{CONSENSUS} is what is decided on, and no coder of its own")
            coding_of(order.session, one, order.annotations)
    file = by if order.arbitrate is None else Who(CONSENSUS)
    if order.scheme or not Paths(order.folder, file).file.exists():
        _scheme(scheme, order.session)  # before a file is begun with its name
    with CodingStore(order.folder, file, session=name, scheme=scheme) as store:
        named = (*plan.coders, *plan.trainees, plan.gold) if plan is not None else (by.coder,)
        if order.arbitrate is None and by.coder not in named:
            store.notes.append(tr("coding.toml names no coder {}").format(by.coder))
        if order.arbitrate is not None:
            coders = in_order(store.coding.decisions.values(), order.arbitrate)
            order = replace(order, arbitrate=coders)
        kept = "" if order.scheme else store.scheme
        yield Coder(order, by, plan, store, _scheme(kept or scheme, order.session))


def run(order: CodingOrder) -> int:
    """Show the window until it is closed; gives the exit code.

    Raises:
        RecordingError: as `coder`.
    """
    with coder(order) as found:
        return show(order.session, hidden=found.hidden, dress=found.sit_down)


def _check(path: Path, plan: Plan | None) -> None:
    """See that a session can be coded, before a coder's file is begun in it.

    Raises:
        RecordingError: it cannot.
    """
    with ReviewSession(path) as session:
        if session.manifest is None:
            raise RecordingError(f"{path}: is a bare file; sessions are coded, by their folder")
        if session.is_recording:
            raise RecordingError(f"{path}: is being recorded; code it when it is closed")
        filmed = [name for name, one in session.cameras.items() if (one.rows.stored >= 0).any()]
    if not filmed:
        raise RecordingError(f"{path}: has no video whose frames could be coded")
    if plan is not None:
        plan.coded(filmed)


def _begun_with(order: CodingOrder, plan: Plan | None, found: Path | None) -> str:
    """Return the scheme of a new file: shipped, or where it lies from the session.

    So it is found whatever folder one works in, and no home folder is named in what is handed on.
    """
    name, folder = order.scheme or DEFAULT_SCHEME, Path()
    if not order.scheme and plan is not None and found is not None:
        name, folder = plan.scheme, found.parent
    if name in SHIPPED:
        return name
    path = (folder / name).resolve()
    try:
        return Path(os.path.relpath(path, order.session.resolve())).as_posix()
    except ValueError:  # on another drive
        return str(path)


def _scheme(name: str, session: Path) -> Scheme:
    return load_scheme(
        name if name in SHIPPED else Path(os.path.normpath(session.resolve() / name))
    )
