"""A coding scheme: its words, what an event must have, and limits that warn. TOML.

    name = "mmme"
    emotions = ["happiness", "disgust"]
    reasons = ["hand", "blink"]
    required = ["onset", "apex", "kind", "units", "emotion"]
    exclude = [[26, 27]]          # units of which an event has at most one
    [units]
    4 = "brow lowerer"
    [limits]
    micro_ms = 500
    micro_onset_apex_ms = 250

Limits never refuse an event: they are said in its line.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from recordings.annotation.model import Event
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, bad_key, why
from recordings.manifest_entries import Frozen
from recordings.said import said

SHIPPED: Final = ("casme2", "megc", "mmme", "samm")
Field_ = Literal[
    "onset", "apex", "offset", "kind", "units", "emotion", "confidence", "side", "intensity"
]
Number = Annotated[int, Field(ge=1, le=99)]


class Limits(Frozen):
    """From when on an event is warned about, ms; None = never."""

    micro_ms: Annotated[float, Field(gt=0)] | None = None
    micro_onset_apex_ms: Annotated[float, Field(gt=0)] | None = None


class Scheme(Frozen):
    """Vocabulary, required fields, units that exclude each other, limits."""

    name: str
    title: str = ""
    emotions: tuple[str, ...] = ()  # none: free text
    units: dict[Number, str] = Field(default_factory=dict)  # none: any
    reasons: tuple[str, ...] = ("hand", "out of frame", "blink")
    required: tuple[Field_, ...] = ("onset", "apex", "kind")
    exclude: tuple[tuple[Number, ...], ...] = ()
    limits: Limits = Limits()


def load_scheme(name: str | Path) -> Scheme:
    """Load a shipped scheme by its name, or a file.

    Raises:
        RecordingError: there is none, or the file is no scheme; the message names the key.
    """
    if isinstance(name, str) and name in SHIPPED:
        text = (files("recordings.annotation") / "schemes" / f"{name}.toml").read_text("utf-8")
        return parse_scheme(text, name)
    path = Path(name)
    try:
        text = read_text(path, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(
            f"{path}: no scheme can be read there ({why(error)}); shipped are {', '.join(SHIPPED)}"
        ) from error
    return parse_scheme(text, str(path))


def parse_scheme(text: str, where: str) -> Scheme:
    """Read a scheme.

    Raises:
        RecordingError: it is none; the message names the key.
    """
    try:
        return Scheme.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RecordingError(f"{where}: is no TOML ({error})") from error
    except ValidationError as error:
        raise RecordingError(f"{where}: {bad_key(error, 'scheme')}") from error


def warnings(event: Event, scheme: Scheme) -> tuple[str, ...]:
    """Say what a scheme finds odd about an event, in the words of the event's line."""
    return (
        *_missing(event, scheme),
        *event.disorder,
        *_words(event, scheme),
        *_excluded(event, scheme),
        *_lengths(event, scheme.limits),
    )


def _missing(event: Event, scheme: Scheme) -> list[str]:
    lacks: dict[Field_, tuple[bool, str]] = {
        "onset": (event.onset is None, said("onset is missing")),
        "apex": (event.apex is None, said("apex is missing")),
        "offset": (event.offset is None and event.offset_coded, said("offset is missing")),
        "kind": (event.kind is None, said("micro or macro is missing")),
        "units": (not event.units, said("action units are missing")),
        "emotion": (not event.emotion, said("emotion is missing")),
        "confidence": (event.confidence is None, said("confidence is missing")),
        "side": (any(not unit.side for unit in event.units), said("side is missing")),
        "intensity": (any(not u.intensity for u in event.units), said("intensity is missing")),
    }
    return [text for lack, text in map(lacks.__getitem__, scheme.required) if lack]


def _words(event: Event, scheme: Scheme) -> list[str]:
    out: list[str] = []
    known = {emotion.casefold() for emotion in scheme.emotions}
    if event.emotion and known and event.emotion_word not in known:
        out.append(said("emotion {} is not in {}", repr(event.emotion), scheme.name))
    if scheme.units:
        unknown = [unit.number for unit in event.units if unit.number not in scheme.units]
        out += [said("action unit {} is not in {}", number, scheme.name) for number in unknown]
    return out


def _excluded(event: Event, scheme: Scheme) -> list[str]:
    own = {unit.number for unit in event.units}
    groups = (sorted(own & set(group)) for group in scheme.exclude)
    return [
        said("action units {} exclude each other", "+".join(map(str, group)))
        for group in groups
        if len(group) > 1
    ]


def _lengths(event: Event, limits: Limits) -> list[str]:
    if event.kind != "micro" or event.onset is None:
        return []
    out: list[str] = []
    if event.offset is not None and limits.micro_ms is not None:
        length = round(1e3 * (event.offset.time - event.onset.time))
        if length > limits.micro_ms:
            out.append(said("micro of {} ms, over {}", length, f"{limits.micro_ms:g}"))
    if event.apex is not None and limits.micro_onset_apex_ms is not None:
        rise = round(1e3 * (event.apex.time - event.onset.time))
        if rise > limits.micro_onset_apex_ms and event.offset is None:
            most = f"{limits.micro_onset_apex_ms:g}"
            out.append(said("onset to apex {} ms, over {}", rise, most))
    return out
