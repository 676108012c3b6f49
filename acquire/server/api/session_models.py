"""What goes over the control API about sessions on the disk."""

from __future__ import annotations

from pydantic import Field

from acquire.server.api.base import Asked, Label, Told
from recordings.certificate import Verdict
from recordings.manifest import State
from recordings.manifest_entries import Event, LostFile

SESSION_EVENTS = frozenset(
    {
        "checked",
        "not-checked",
        "recording-start",
        "recording-stop",
        "recording-split",
        "recovered",
        "not-recovered",
        "never-begun",
        "hashed",
        "usable",
        "unusable",
        "withdrawn",
        "collected",
        "released",
    }
)
"""Codes of events after which a list of sessions is not what it was; `page.js` has them, too."""
_OF_ONE = ("checked", "hashed")


def session_of(event: Event) -> str | None:
    """Name the folder of the one session that is another one after an event; None: not known.

    A thousand sessions may be checked one after the other: each time one row is read anew, not all.
    """
    name, colon, _ = event.text.partition(":")
    return name if event.code in _OF_ONE and colon else None


class RunsInfo(Told):
    """Which runs of these labels exist, and the next one."""

    existing: tuple[int, ...]
    next: int


class SessionInfo(Told):
    """One session on the disk."""

    id: str
    session: str  # its folder
    state: State | None  # None: its manifest cannot be read, see `problem`
    study: str
    participant: str
    session_label: str
    task: str
    run: int | None
    started_utc: str | None
    seconds: float | None
    bytes: int | None
    verdict: Verdict | None  # None: it was not checked yet
    notes: str
    has_report: bool
    contents_read: bool | None = None  # against their hashes; None: it was not checked yet
    outdated: bool = False  # the verdict is of what was here before
    copies: tuple[str, ...] = ()  # folders of whole copies, compared by hash
    unusable: str = ""  # why it is not to be used
    on_nodes: tuple[str, ...] = ()  # nodes that files of it are still on
    lost: tuple[LostFile, ...] = ()  # what was on nodes, and was given up
    problem: str


class UnusableOrder(Asked):
    """Why a session is not to be used; an empty reason takes the mark back."""

    reason: str = Field(max_length=1000)


class WithdrawalInfo(Told):
    """What withdrawing a participant would delete, and what it cannot reach."""

    participant: str
    sessions: tuple[str, ...]  # folders
    exports: tuple[str, ...]
    unreachable: tuple[str, ...]


class WithdrawalOrder(Asked):
    """The participant's pseudonym once more, so that nothing is deleted by a slip."""

    pseudonym: Label


class WithdrawalDone(Told):
    """What was deleted, and what could not be."""

    files: int
    bytes: int
    left: tuple[str, ...]


class CheckOrder(Asked):
    """How a session is checked. `contents`: its files are read against their hashes, too."""

    contents: bool = False


class CheckOrdered(Told):
    """A session waits to be checked."""

    session: str


class ParticipantInfo(Told):
    """A participant of a study, and what was recorded of them."""

    participant: str
    sessions: tuple[str, ...]  # labels
    next_session: str  # the label that follows
