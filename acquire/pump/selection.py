"""Which streams are to be recorded, and what is said of those that are not there."""

from __future__ import annotations

from dataclasses import dataclass

from acquire.lsl.streams import FoundStream
from acquire.rig.file import Expect


@dataclass(frozen=True, slots=True)
class Missing:
    """What is asked for and is not there: a code that stays, and what it is in words."""

    code: str
    text: str


NO_STREAM = Missing("no-streams", "there is no stream at all")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to record beside the rig's own streams."""

    predicates: tuple[str, ...] = ()
    expect: tuple[Expect, ...] = ()
    everything: bool = False
    may_be_empty: bool = False  # whether nothing at all is fine, too

    @property
    def is_open_ended(self) -> bool:
        """Whether any number of streams may fit."""
        return self.everything or bool(self.predicates or self.expect)


def matches(expect: Expect, found: FoundStream) -> bool:
    """Say whether a stream is the one that is expected."""
    return (
        (expect.name is None or expect.name == found.key.name)
        and (expect.type is None or expect.type == found.key.type)
        and (expect.rate_hz is None or abs(expect.rate_hz - found.rate_hz) < 1e-6)
    )
