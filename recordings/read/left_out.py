"""Why sessions are left out: they are being recorded, marked as not usable, or there twice.

Copies, and what a repaired copy was made from, are one recording: a study that took both would have
a participant's minutes twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from recordings.layout import XDF_NAME

if TYPE_CHECKING:  # a look at what is remembered imports no model
    from recordings.manifest import Manifest


BEING_RECORDED: Final = "it is being recorded"


def why_left_out(being_recorded: bool, unusable: str | None) -> str:
    """Say why nothing is made of a session, by what its manifest says; "" where it may be used."""
    if being_recorded:
        return BEING_RECORDED
    return f"marked as not usable: {unusable}" if unusable else ""


class Recorded(NamedTuple):
    """What tells a session's recording from others."""

    place: str
    content: str  # see `content_of`
    whose: tuple[str, str, str]  # study, participant, session
    started_utc: str
    state: str
    lacks: bool  # files that its manifest tells of

    @classmethod
    def of(cls, place: str, manifest: Manifest, *, lacks: bool) -> Self:
        """Describe a session by its manifest."""
        whose = manifest.study, manifest.participant, manifest.session
        started = manifest.clock[0].utc if manifest.clock else ""
        return cls(place, content_of(manifest), whose, started, str(manifest.state), lacks)

    @property
    def take(self) -> tuple[tuple[str, str, str], str]:
        """What a session and its repaired copies share."""
        return self.whose, self.started_utc

    @property
    def is_repaired(self) -> bool:
        """Whether it is a repaired copy."""
        return self.state == "repaired"


def content_of(manifest: Manifest) -> str:
    """Return the hash of what was recorded, whoever it is said to be of; else the manifest's."""
    hashes = (entry.sha256 for entry in manifest.files if entry.path == XDF_NAME)
    return next(hashes, None) or manifest.digest()


def same_recordings(sessions: Iterable[Recorded]) -> dict[str, str]:
    """Return the sessions that another stands for, by place: of copies one, the repaired one first.

    Args:
        sessions: that may be used.
    """
    ranked = sorted(sessions, key=lambda one: (one.lacks, len(one.place), one.place))
    repaired = {s.take: s.place for s in reversed(ranked) if s.is_repaired and s.started_utc}
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for one in ranked:
        other = repaired.get(one.take, first.setdefault(one.content, one.place))
        if other != one.place:
            found[one.place] = other
    return found


def why_not_twice(name: str) -> str:
    """Say why a session is left out that the one called `name` stands for."""
    return f"the same recording as {name}"
