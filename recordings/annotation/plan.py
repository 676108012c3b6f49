"""Who codes what, and in which order: `coding.toml` of a study, and its pure arithmetic.

    scheme = "mmme"
    cameras = ["face"]            # those that are coded; all of them where it is not given
    coders = ["anna", "ben"]
    overlap = 0.2                 # share of the items that all of them code
    repeat = 0.1                  # share of a coder's items that come again, after all others
    seed = 7
    hide = ["markers", "signals", "suggestions", "participant"]
    gold = "expert"               # the coder whose file trainees are measured against
    trainees = ["cleo"]

Items come in the order of recording. What has been dealt stays dealt when more are recorded: who
codes an item depends on the seed and on the items before it alone.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator

from recordings.annotation.coder_file import CONSENSUS
from recordings.annotation.model import Visible
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, bad_key, why
from recordings.layout import PLAN_NAME
from recordings.manifest_entries import Frozen
from recordings.names import check_label

_BLOCK: Final = 20  # a share is exact in each block of so many items
Share = Annotated[float, Field(ge=0, le=1)]


class Plan(Frozen):
    """`coding.toml`."""

    scheme: str = "mmme"
    cameras: tuple[str, ...] = ()  # none: all of a session's
    coders: tuple[str, ...]
    overlap: Share = 0.2
    repeat: Share = 0.0
    seed: int = 1
    hide: tuple[Visible, ...] = ("suggestions",)
    suggestions: bool = True  # False: switched off in this study
    gold: str = ""
    trainees: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = (*self.coders, *self.trainees, *((self.gold,) if self.gold else ()))
        for name in names:
            try:
                check_label("coder", name)
            except RecordingError as error:
                raise ValueError(str(error)) from error
        folded = [name.casefold() for name in names]
        if len(set(folded)) < len(folded):
            raise ValueError("a coder is named twice; upper and lower case are the same name here")
        if CONSENSUS in folded:
            raise ValueError(f"no coder can be called {CONSENSUS}")
        if not self.coders:
            raise ValueError("names no coder")
        if self.trainees and not self.gold:
            raise ValueError("trainees need a gold file: gold = its coder")
        return self

    def codes(self, camera: str) -> bool:
        """Whether a camera of this name is coded."""
        return not self.cameras or camera in self.cameras

    def coded(self, cameras: Sequence[str]) -> tuple[str, ...]:
        """Return which of a session's cameras are coded.

        Raises:
            RecordingError: the plan names some, and none of these.
        """
        found = tuple(filter(self.codes, cameras))
        if cameras and not found:
            raise RecordingError(
                f"{PLAN_NAME}: cameras = {', '.join(self.cameras)}: this session has none of these "
                f"but {', '.join(cameras)}; write there what is coded"
            )
        return found


@dataclass(frozen=True, slots=True)
class Item:
    """What is coded in one go: a session, or a trial of it, where `trial` is its number.

    `session` is the name of its folder; of several that have it, this is the `nth` that was
    recorded.
    """

    session: str
    trial: int | None = None
    nth: int = 1

    @property
    def key(self) -> str:
        """Its name, which the seed is mixed with."""
        session = self.session if self.nth == 1 else f"{self.session}~{self.nth}"
        return session if self.trial is None else f"{session}#{self.trial}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One item as it comes to a coder; time 2 is a repeat, for the file of `Who(coder, 2)`."""

    item: Item
    time: int = 1


def load_plan(path: Path) -> Plan:
    """Read `coding.toml`.

    Raises:
        RecordingError: there is none, or it is not good; the message names the key.
    """
    try:
        found = tomllib.loads(read_text(path, "utf-8-sig"))
    except FileNotFoundError as error:
        raise RecordingError(
            f"{path}: is not there; write it as the handbook's page on coding shows"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({why(error)})") from error
    except tomllib.TOMLDecodeError as error:
        raise RecordingError(f"{path}: is no TOML ({error})") from error
    try:
        return Plan.model_validate(found)
    except ValidationError as error:
        raise RecordingError(f"{path}: {bad_key(error, 'plan')}") from error


def find_plan(session: Path) -> Path | None:
    """Return the `coding.toml` beside or above a session, the nearest; None where there is none.

    A session that is linked into a study is of that study, wherever its files are.
    """
    named, real = session.absolute(), session.resolve()
    places = (folder / PLAN_NAME for folder in (*named.parents, *real.parents))
    return next((path for path in places if path.is_file()), None)


def coded_cameras(session: Path, cameras: Sequence[str]) -> tuple[str, ...]:
    """Return which of a session's cameras are coded, as its study says; without a study, all.

    Raises:
        RecordingError: the study's plan is not good, or names none of these cameras.
    """
    path = find_plan(session)
    return load_plan(path).coded(cameras) if path is not None else tuple(cameras)


def assigned(plan: Plan, items: Sequence[Item], gold: Iterable[Item] = ()) -> dict[str, list[Turn]]:
    """Return each coder's items in that coder's order; repeats come last.

    `items` are in the order of recording. All coders have the overlapping ones; the others go
    round. Trainees have the items of `gold`, those that the gold file has.
    """
    own: dict[str, list[Item]] = {coder: [] for coder in plan.coders}
    shared = _chosen(plan.overlap, len(items), f"{plan.seed}:overlap")
    dealt = 0
    for number, item in enumerate(items):
        if number in shared:
            for coder in plan.coders:
                own[coder].append(item)
        else:
            own[plan.coders[dealt % len(plan.coders)]].append(item)
            dealt += 1
    turns = {coder: _turns(plan, coder, mine, plan.repeat) for coder, mine in own.items()}
    trained = list(gold)
    return turns | {name: _turns(plan, name, trained, 0.0) for name in plan.trainees}


def _turns(plan: Plan, coder: str, items: list[Item], repeat: float) -> list[Turn]:
    again = _chosen(repeat, len(items), f"{plan.seed}:repeat:{coder}")
    first = sorted(items, key=lambda item: _rank(plan.seed, coder, item))
    second = [item for number, item in enumerate(items) if number in again]
    second.sort(key=lambda item: _rank(plan.seed, f"{coder}+2", item))
    return [*(Turn(item) for item in first), *(Turn(item, 2) for item in second)]


def _rank(seed: int, coder: str, item: Item) -> bytes:
    return hashlib.sha256(f"{seed}:{coder}:{item.key}".encode()).digest()


def _chosen(share: float, count: int, seed: str) -> set[int]:
    """Return which of `count` items are chosen, block by block, spread over each block.

    A further item changes nothing about those before it.
    """
    each = round(share * _BLOCK)
    chosen: set[int] = set()
    for block in range(-(-count // _BLOCK)):
        random = Random(f"{seed}:{block}")
        for part in range(each):
            low, high = part * _BLOCK // each, (part + 1) * _BLOCK // each
            chosen.add(block * _BLOCK + random.randrange(low, high))
    return {number for number in chosen if number < count}
