"""Whether a protocol was played as it was laid out: every trial to its end, every clip whole."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, zip_longest
from pathlib import Path
from typing import Any, Final

from recordings.certificate import Finding, Severity
from recordings.disk.regular import read_text
from recordings.layout import PROTOCOL_NAME
from recordings.manifest import Manifest
from recordings.read.markers import Marker
from recordings.stream_kinds import PLAYER_STREAM

FEW_DROPPED: Final = 0.01
"""What part of a clip's frames may be missing before it is a warning."""

BEHIND_MS: Final = 100.0
"""So much a sound may be behind its picture: of less, people see nothing in a film."""

Trial = tuple[int, Sequence[str]]
"""The number of a trial, and its steps in their order."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What was to be played from an LSL time on; `trials` begin with the first that was wanted."""

    name: str
    sha256: str
    since: float
    trials: Sequence[Trial]


def played_findings(
    manifest: Manifest | None, folder: Path, markers: Mapping[str, Sequence[Marker]]
) -> Iterator[Finding]:
    """Compare the player's markers with the orders in `protocol.json`, where there is one."""
    seen = markers.get(PLAYER_STREAM, ())
    yield from _clip_findings(seen)
    yield from _sound_findings(seen)
    orders = _laid_out(folder)
    for order, following in zip_longest(orders, orders[1:]):
        until = math.inf if following is None else following.since
        yield from _order_findings(
            manifest, order, [m for m in seen if order.since <= m.time < until], following
        )


def _order_findings(
    manifest: Manifest | None, order: _Order, seen: Sequence[Marker], following: _Order | None
) -> Iterator[Finding]:
    """Say which trials were not played to their end, unless they were begun with afterwards."""
    played: dict[int, list[Marker]] = {}
    for marker in seen:
        if (number := _number(marker, "trial")) is not None:
            played.setdefault(number, []).append(marker)
    onsets = {n: [_step(m) for m in of if m.event == "onset"] for n, of in played.items()}
    begun = [number for number, steps in onsets.items() if steps]
    shown = set(chain.from_iterable(onsets.values()))
    if not begun:
        if following is None:
            text = f"{order.name} was loaded, and no step of it shown"
            yield _finding("info", "protocol-not-begun", text)
        return
    # What a split has parted is in two sessions, and whole in neither.
    first = min(begun) + 1 if manifest and _continues(manifest, order) else 0
    end = order.trials[-1][0]
    last = max(begun) - 1 if manifest and manifest.continued_in else end
    if following is not None:
        last = following.trials[0][0] - 1 if following.sha256 == order.sha256 else end
    meant = [(number, steps) for number, steps in order.trials if first <= number <= last and steps]
    partial = [
        number
        for number, steps in meant
        if not _is_whole(played.get(number, ()), [s for s in steps if s in shown] or steps)
    ]
    if partial:
        yield _finding(
            # As in a recording that is stopped while the last page says thank you.
            "info" if partial == [end] else "warn",
            "protocol-incomplete",
            f"{len(partial)} of {len(meant)} trials of {order.name} were not played to their end: "
            f"{_ranges(partial)}{_why(seen)}",
            "leave them out, or record what is missing: record --protocol … --from-trial N",
        )


def _continues(manifest: Manifest, order: _Order) -> bool:
    """Whether a protocol was already under way when a split began this session."""
    begins = manifest.lsl_start
    return manifest.continues is not None and (begins is None or order.since < begins)


def _laid_out(folder: Path) -> list[_Order]:
    """Read what was to be played; nothing where nothing was, or nobody can tell."""
    try:
        told = json.loads(read_text(folder / PROTOCOL_NAME))
        orders = [_order(one) for one in (*told.get("before", ()), told)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return [order for order in orders if order.trials]


def _order(told: Any) -> _Order:
    first, since = int(told.get("first_trial", 1)), float(told.get("loaded_at", -math.inf))
    plan = ((int(t["trial"]), [str(s) for s in t["steps"]]) for t in told["plan"]["trials"])
    trials: list[Trial] = [trial for trial in plan if trial[0] >= first]
    return _Order(str(told.get("protocol")), str(told.get("sha256")), since, trials)


def _is_whole(of_trial: Sequence[Marker], steps: Sequence[str]) -> bool:
    """Whether each step of a trial came to its end, the last time that it was begun."""
    attempt = max((_number(m, "attempt") or 1 for m in of_trial), default=1)
    ends = Counter(
        _step(m) for m in of_trial if m.event == "end" and (_number(m, "attempt") or 1) == attempt
    )
    return not Counter(steps) - ends


def _why(seen: Sequence[Marker]) -> str:
    """Say who aborted it."""
    by = [str(m.fields.get("by")) for m in seen if m.event == "abort"]
    return f" (aborted by {by[-1]})" if by and by[-1] != "crash" else ""


def _clip_findings(seen: Sequence[Marker]) -> Iterator[Finding]:
    ends = [m for m in seen if "frames_shown" in m.fields]
    dropped = sum(_count(m, "frames_dropped") for m in ends)
    if dropped:
        total = dropped + sum(_count(m, "frames_shown") for m in ends)
        worst = max(ends, key=_share_dropped)
        text = (
            f"{dropped:,} of {total:,} frames of clips were never shown, most of "
            f"{worst.fields.get('stimulus')}: {_count(worst, 'frames_dropped'):,}"
        )
        level: Severity = "warn" if _share_dropped(worst) > FEW_DROPPED else "info"
        remedy = "close what else runs there, or convert clips that are larger than the screen"
        yield _finding(level, "clip-frames-dropped", text, remedy)
    broken = [str(m.fields.get("stimulus")) for m in seen if m.fields.get("by") == "error"]
    if broken:
        text = f"{len(broken)} clips broke off or never came: {', '.join(dict.fromkeys(broken))}"
        yield _finding(
            "warn", "clip-broke-off", text, "leave these trials out; copy the files again"
        )


def _sound_findings(seen: Sequence[Marker]) -> Iterator[Finding]:
    silent = [str(m.fields.get("stimulus")) for m in seen if m.fields.get("sound") == "unheard"]
    if silent:
        text = f"{len(silent)} clips were played without their sound: "
        text += ", ".join(dict.fromkeys(silent))
        yield _finding("warn", "clip-unheard", text, "see the sound settings of that computer")
    told = ((m.fields.get("sound_ahead_ms"), str(m.fields.get("stimulus"))) for m in seen)
    late = [(-ms, name) for ms, name in told if isinstance(ms, int | float) and ms < -BEHIND_MS]
    if late:
        most_ms, worst = max(late)
        text = f"of {len(late)} clips the sound was more than {BEHIND_MS:g} ms behind the picture "
        text += f"at their end, most of {worst}: {most_ms:.0f} ms"
        yield _finding("warn", "clip-sound-late", text, "close what else runs there")


def _step(marker: Marker) -> str:
    return str(marker.fields.get("step"))


def _number(marker: Marker, name: str) -> int | None:
    """Return a whole number; None where it is none: any program may send such a stream."""
    value: Any = marker.fields.get(name)
    return value if isinstance(value, int) else None


def _count(marker: Marker, name: str) -> int:
    return _number(marker, name) or 0


def _share_dropped(marker: Marker) -> float:
    dropped = _count(marker, "frames_dropped")
    return dropped / max(1, dropped + _count(marker, "frames_shown"))


def _ranges(numbers: Sequence[int]) -> str:
    """Write rising numbers shortly: 3, 7–48."""
    runs = []
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        runs.append(f"{members[0]}–{members[-1]}" if len(members) > 1 else str(members[0]))
    return ", ".join(runs)


def _finding(level: Severity, code: str, text: str, remedy: str = "") -> Finding:
    return Finding(level=level, code=code, subject=PLAYER_STREAM, text=text, remedy=remedy)
