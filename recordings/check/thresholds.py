"""`thresholds.toml`: when a lab wants a warning, and when a failure.

The file is looked for beside the session and in the folders above it up to the data folder, unless
it is named. Each figure is a table of `warn` and `fail`; what is left out is as it is without a
file. Where a figure is fine by the lab's limits, a finding about it is information only.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recordings.certificate import Finding, Report, Severity
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, bad_key, why
from recordings.lateness.pace import Certainty
from recordings.layout import THRESHOLDS_NAME, THRESHOLDS_PLACES
from recordings.stream_kinds import EVENTS_STREAM


class Limit(BaseModel):
    """A figure above `warn` is a warning, above `fail` a failure; None = never."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    warn: float | None = Field(default=None, ge=0)
    fail: float | None = Field(default=None, ge=0)

    def level(self, value: float) -> Severity:
        """Judge a figure."""
        if self.fail is not None and value > self.fail:
            return "fail"
        return "warn" if self.warn is not None and value > self.warn else "info"


class Thresholds(BaseModel):
    """The figures that can be judged; a figure that is None is left to the built-in rules."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    lost_share: Limit | None = None  # of a stream's samples, 0 to 1
    nan_share: Limit | None = None  # of the worst channel's samples, 0 to 1, as are the next three
    inf_share: Limit | None = None
    constant_share: Limit | None = None  # in runs of one value of 1 s or more
    clipped_share: Limit | None = None  # in runs at the highest or the lowest value
    longest_gap_s: Limit | None = None
    rate_off_share: Limit | None = None  # |effective / nominal - 1|
    drift_ppm: Limit | None = None
    offset_residual_ms: Limit | None = None  # p99
    jitter_ms: Limit | None = None  # p99
    bound_ms: Limit | None = None  # of each pair of streams
    frames_lost_share: Limit | None = None  # of a camera's frames, a sound's blocks
    stimulus_late_ms: Limit | None = None  # p99 of presented - requested
    light_sd_ms: Limit | None = None  # of swap to light


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str  # of the threshold
    code: str  # of the built-in finding about it
    subject: str
    value: float
    text: str


def limits_of(session: Path, given: Path | None = None) -> str:
    """Return the thresholds that hold for a session as text, as `report.json` has them; "" = none.

    Raises:
        RecordingError: as `load_thresholds`.
    """
    found = load_thresholds(session, given)
    return as_text(found.model_dump(exclude_none=True)) if found else ""


def as_text(applied: dict[str, Any] | None) -> str:
    """Return thresholds of a report as `limits_of` has them."""
    return "" if applied is None else json.dumps(applied, sort_keys=True)


def load_thresholds(session: Path, given: Path | None = None) -> Thresholds | None:
    """Read the thresholds that hold for a session; None where there is no file.

    Raises:
        RecordingError: the file cannot be read, or has a key that is none.
    """
    path = given or _find(session)
    if path is None:
        return None
    try:
        raw = tomllib.loads(read_text(path, "utf-8-sig"))  # an editor on Windows marks UTF-8
        return Thresholds.model_validate(raw)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({why(error)})") from error
    except ValidationError as error:
        known = ", ".join(Thresholds.model_fields)
        raise RecordingError(f"{path}: {bad_key(error)}; figures are: {known}") from error


def _find(session: Path) -> Path | None:
    folder = session.absolute() if session.is_dir() else session.absolute().parent
    places = (folder, *list(folder.parents)[: THRESHOLDS_PLACES - 1])
    return next((p / THRESHOLDS_NAME for p in places if (p / THRESHOLDS_NAME).is_file()), None)


def judge(
    report: Report, findings: Sequence[Finding], thresholds: Thresholds | None
) -> list[Finding]:
    """Return the findings with the levels that the lab wants, and those that only it asks for."""
    if thresholds is None:
        return list(findings)
    judged = list(findings)
    for figure in _figures(report):
        limit: Limit | None = getattr(thresholds, figure.name)
        if limit is None:
            continue
        level = limit.level(figure.value)
        same = [n for n, f in enumerate(judged) if _is_about(f, figure)]
        for n in same:
            judged[n] = judged[n].model_copy(update={"level": level})
        if not same and level != "info":
            above = limit.fail if level == "fail" else limit.warn
            judged.append(
                Finding(
                    level=level,
                    code=figure.name.replace("_", "-"),
                    subject=figure.subject,
                    text=f"{figure.text}; the limit of {THRESHOLDS_NAME} is {above:g}",
                )
            )
    return judged


def _is_about(finding: Finding, figure: _Figure) -> bool:
    if finding.subject != figure.subject or finding.level == "info":
        return False
    if figure.code == "frames-":
        return finding.code.startswith("frames-") and finding.code != "frames-untimed"
    return finding.code == figure.code


def _figures(report: Report) -> Iterator[_Figure]:
    for s in report.streams:
        if s.name == EVENTS_STREAM:
            continue
        if s.samples + s.lost:
            share = s.lost_share
            yield _Figure("lost_share", "lost", s.name, share, f"{100 * share:.3g} % lost")
        for name in ("nan_share", "inf_share", "constant_share", "clipped_share"):
            code = name.removesuffix("_share")
            if (share_or_none := getattr(s, name)) is not None:
                text = f"{100 * share_or_none:.3g} % of the worst channel's samples are {code}"
                yield _Figure(name, code, s.name, share_or_none, text)
        if lengths := [g.end - g.start for g in s.gaps if g.certainty is not Certainty.OPEN]:
            longest = max(lengths)
            yield _Figure("longest_gap_s", "", s.name, longest, f"a gap of {longest:.3g} s")
        if s.effective_rate_hz and s.rate_hz:
            off = abs(s.effective_rate_hz / s.rate_hz - 1)
            yield _Figure("rate_off_share", "rate", s.name, off, f"rate {100 * off:.3g} % off")
        for name, code, value, what in (
            ("drift_ppm", "", s.drift_ppm, "drift {:.3g} ppm"),
            ("offset_residual_ms", "offsets-scatter", s.offset_residual_ms, "residual {:.3g} ms"),
            ("jitter_ms", "", s.jitter_ms, "jitter {:.3g} ms (p99)"),
        ):
            if value is not None:
                yield _Figure(name, code, s.name, abs(value), what.format(abs(value)))
    for p in report.pairs:
        yield _Figure("bound_ms", "", f"{p.a} – {p.b}", p.bound_ms, f"bound ± {p.bound_ms:.3g} ms")
    for c in (*report.cameras, *report.sounds):
        share = c.lost / max(c.captured, c.lost, 1)
        yield _Figure("frames_lost_share", "frames-", c.name, share, f"{100 * share:.3g} % lost")
    for t in report.stimulus:
        if t.late_p99_ms is not None:
            text = f"shown {t.late_p99_ms:.3g} ms late (p99)"
            yield _Figure("stimulus_late_ms", "", t.stream, t.late_p99_ms, text)
        if t.light_sd_ms is not None:
            text = f"swap to light scatters by {t.light_sd_ms:.3g} ms"
            yield _Figure("light_sd_ms", "", t.stream, t.light_sd_ms, text)
