"""`unisono stimulus new`: a protocol file of a folder or a table, once every stimulus is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from acquire.errors import ConfigError
from acquire.protocol.drafting import Draft, faults, protocol_text, wanted_of
from acquire.protocol.file import parse_protocol
from acquire.protocol.media import probe_media
from acquire.protocol.model import OrderKind
from acquire.protocol.planner import make_plan
from acquire.protocol.scales import BUILT_IN
from acquire.text_files import write_new
from acquire.validation_text import suggestion

NO_RATING: Final = "none"


@dataclass(frozen=True, slots=True)
class Made:
    """A protocol that was written."""

    stimuli: int
    minutes: float


def make(
    file: Path,
    source: Path,
    *,
    title: str = "",
    order: str | None = None,
    ratings: list[str] | None = None,
    baseline_s: float = 60.0,
    complain: Callable[[str], None] = lambda fault: None,
) -> Made:
    """Write `file` from the stimuli of `source`; `complain` hears of each that cannot be shown.

    Raises:
        ConfigError: an option is not known, the file exists or has no folder, or stimuli cannot be
            shown; nothing is written.
    """
    draft = Draft(
        title or file.stem,
        order=_order(order),
        ratings=_ratings(ratings),
        baseline_s=baseline_s,
    )
    if file.exists():
        raise ConfigError(f"{file}: exists already; name another file")
    if not file.absolute().parent.is_dir():
        raise ConfigError(f"{file}: its folder is not there; make it first")
    wanted = wanted_of(source)
    problems = faults(wanted)
    for problem in problems:
        complain(problem)
    if problems:
        raise ConfigError(f"{source}: faults named above: {len(problems)}; nothing is written")
    text = protocol_text(wanted, draft, file.parent)
    protocol = parse_protocol(text, file)
    write_new(file, text)
    durations = {
        stimulus.name: probe_media(protocol.folder / stimulus.file).duration_s
        for stimulus, one in zip(protocol.file.stimulus, wanted, strict=True)
        if stimulus.file is not None and not one.is_still
    }
    plan = make_plan(protocol, "test", durations=durations)
    return Made(len(wanted), plan.estimate_s / 60)


def _order(name: str | None) -> OrderKind | None:
    known = get_args(OrderKind)
    if name is not None and name not in known:
        raise ConfigError(f"--order {name}: is not known{suggestion(name, known)}")
    return cast("OrderKind | None", name)


def _ratings(names: list[str] | None) -> tuple[str, ...]:
    if names is None:
        return Draft("").ratings
    if names == [NO_RATING]:
        return ()
    for name in names:
        if name not in BUILT_IN:
            raise ConfigError(f"--rating {name}: no such scale ships{suggestion(name, BUILT_IN)}")
    return tuple(dict.fromkeys(names))
