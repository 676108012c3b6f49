"""What a driver gives, held against the contract (`devices.base`) before anything is made of it.

A driver may be a lab's own. What is not as it should be is said of that device; unseen, a loss that
is no number would spoil the manifest of all, and two streams of one name would be one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral, Real
from typing import Any, Final

import numpy as np
from pydantic_core import from_json, to_json

from acquire.lsl.outlet import DTYPES
from acquire.lsl.streams import MAX_CHANNELS
from acquire.plain_text import plain
from devices.base import (
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    Channel,
    Chunk,
    DeviceError,
    Frame,
    MediaSpec,
    Notice,
    SoundSpec,
    StreamQuery,
    StreamSpec,
    VideoSpec,
)

MAX_NAME: Final = 256
MAX_LOST: Final = 1_000_000_000
MAX_LOST_FRAMES: Final = 1_000_000
"""Each of them gets a row of its own."""
MAX_PIXELS: Final = 65_536  # a side of a picture
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

Spec = StreamSpec | MediaSpec
Item = Chunk | Frame | Notice


class ContractError(ValueError):
    """A driver gives something that it should not; the message names it."""


def checked_specs(specs: object) -> tuple[Spec, ...]:
    """Give what `open` returned, if streams can be made of it.

    Raises:
        ContractError: they cannot.
    """
    if not isinstance(specs, Sequence) or not all(isinstance(s, Spec) for s in specs):
        raise _broken("open()", f"returns {_name_of(specs)}", "a sequence of specs of streams")
    names = [_checked_name(spec.name) for spec in specs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _broken("open()", f"names two streams {twice[0]!r}", "a name of its own for each")
    for spec in specs:
        _check_common(spec)
        if isinstance(spec, StreamSpec):
            _check_signal(spec)
        elif isinstance(spec, VideoSpec):
            _check_video(spec)
        else:
            _check_sound(spec)
    return tuple(_plain_spec(spec) for spec in specs)


def _plain_spec(spec: Spec) -> Spec:
    """Give a spec in our own types: the engine knows none that a driver's module has made."""
    kind = next(kind for kind in (StreamSpec, VideoSpec, SoundSpec) if isinstance(spec, kind))
    return kind(**{field.name: _plain(getattr(spec, field.name)) for field in fields(kind)})


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case Integral():
            return int(value)
        case Real():
            return float(value)
        case Mapping():
            return {_plain(key): _plain(text) for key, text in value.items()}
        case Channel(label, unit, kind):
            return Channel(_plain(label), _plain(unit), _plain(kind))
        case Sequence():
            return tuple(_plain(part) for part in value)
    return bool(value)


def _check_common(spec: Spec) -> None:
    who = spec.name
    for what in ("source_id", "manufacturer", "model"):
        _check_text(who, what, getattr(spec, what))
    entries: object = spec.desc
    if not isinstance(entries, Mapping):
        raise _broken(who, f"desc is {_name_of(entries)}", "a mapping of str to str")
    for key, value in entries.items():
        if not (isinstance(key, str) and _KEY.fullmatch(key) and isinstance(value, str)):
            raise _broken(who, f"desc has {key!r:.99}: {value!r:.99}", "a word and a text")


def _check_signal(spec: StreamSpec) -> None:
    who, rate, count = spec.name, spec.rate_hz, len(spec.channels)
    _check_text(who, "type", spec.type)
    _check_text(who, "time_source", spec.time_source)
    if not 1 <= count <= MAX_CHANNELS:
        raise _broken(who, f"has {count} channels", f"1 to {MAX_CHANNELS:,}")
    for channel in spec.channels:
        if not isinstance(channel, Channel):
            raise _broken(who, f"has {_name_of(channel)} among its channels", "Channel")
        for what in ("label", "unit", "kind"):
            _check_text(who, f"a channel's {what}", getattr(channel, what))
    if not _is_number(rate) or not (rate == 0 or MIN_RATE_HZ <= rate <= MAX_RATE_HZ):
        limits = f"0 (irregular) or {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g}"
        raise _broken(who, f"has rate_hz {rate!r}", limits)
    if spec.latency_s is not None and not _is_number(spec.latency_s):
        raise _broken(who, f"has latency_s {spec.latency_s!r:.99}", "seconds, or None")
    if spec.dtype not in DTYPES[1:]:
        known = ", ".join(d for d in DTYPES if d)
        raise _broken(who, f"has dtype {spec.dtype!r}", f"one of {known}")


def _check_video(spec: VideoSpec) -> None:
    sides = spec.width, spec.height
    if not all(isinstance(n, Integral) and 1 <= n <= MAX_PIXELS for n in sides):
        size = f"has {spec.width!r} x {spec.height!r} pixels"
        raise _broken(spec.name, size, f"1 to {MAX_PIXELS:,} a side")
    _check_text(spec.name, "pixel_format", spec.pixel_format)
    _check_text(spec.name, "time_source", spec.time_source)
    _check_rate(spec.name, "rate_hz", spec.rate_hz)


def _check_sound(spec: SoundSpec) -> None:
    counts = spec.channel_count, spec.block
    if not all(isinstance(n, Integral) and n >= 1 for n in counts):
        raise _broken(spec.name, f"has channel_count and block {counts!r}", "at least 1")
    _check_rate(spec.name, "sample_rate_hz", spec.sample_rate_hz)


def _check_rate(who: str, what: str, rate: object) -> None:
    if not _is_number(rate) or not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:  # type: ignore[operator]
        raise _broken(who, f"has {what} {rate!r}", f"{MIN_RATE_HZ:g} to {MAX_RATE_HZ:g}")


def check_item(item: object, specs: Mapping[str, Spec]) -> Item:
    """Give what `read` yielded, if it can be published; `specs` are those of `open`, by name.

    Raises:
        ContractError: it cannot.
        DeviceError: it is of a stream that `open` has not named.
    """
    match item:
        case Notice(level, code, text):
            if level not in ("info", "warning") or not all(
                isinstance(t, str) for t in (code, text)
            ):
                raise _broken(
                    "read()", f"yields {item!r:.200}", "a level and two texts in a Notice"
                )
            return Notice("info" if level == "info" else "warning", _plain(code), _plain(text))
        case Chunk() | Frame():
            return _checked_data(item, specs)
    raise _broken("read()", f"yields {_name_of(item)}", "Chunk, Frame, Notice or None")


def _checked_data(item: Chunk | Frame, specs: Mapping[str, Spec]) -> Item:
    who: object = item.stream
    spec = specs.get(who) if isinstance(who, str) else None
    if spec is None:
        raise DeviceError(f"yields stream {who!r:.200}, which open() never named")
    is_frame = isinstance(item, Frame)
    if is_frame is isinstance(spec, StreamSpec):
        raise _broken(
            spec.name, f"gets a {type(item).__name__}", "Chunks for signals, Frames for media"
        )
    most = MAX_LOST_FRAMES if is_frame else MAX_LOST
    if not isinstance(item.lost, Integral) or not 0 <= item.lost <= most:
        raise _broken(
            spec.name, f"has lost = {item.lost!r:.200}", f"a whole number from 0 to {most:,}"
        )
    if isinstance(item, Frame):
        _check_frame(item, spec)
    else:
        _check_chunk(item, spec)
    return item


def checked_queries(queries: object) -> tuple[StreamQuery, ...]:
    """Give what `inputs` returned.

    Raises:
        ContractError: it names no streams.
    """
    if not isinstance(queries, Sequence) or not all(isinstance(q, StreamQuery) for q in queries):
        raise _broken("inputs()", f"returns {_name_of(queries)}", "a sequence of StreamQuery")
    return tuple(queries)


def checked_answer(command: str, answer: object) -> dict[str, Any]:
    """Give what `command` answered as it reaches whoever asked: as JSON; NaN is null there.

    Raises:
        ContractError: it cannot be written so.
    """
    if isinstance(answer, Mapping | None):
        try:
            text = to_json(dict(answer or {}), inf_nan_mode="null", fallback=_plain_number)
            sent: dict[str, Any] = from_json(text)
        except ValueError:
            pass
        else:
            return sent
    wanted = "a mapping that can be written as JSON"
    raise _broken(f"command {command!r:.99}", f"answers {_name_of(answer)}", wanted)


def _plain_number(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise ValueError


def _check_chunk(chunk: Chunk, spec: Spec) -> None:
    assert isinstance(spec, StreamSpec)
    for what, times in (("times", chunk.times), ("device_times", chunk.device_times)):
        if times is None and what == "device_times":
            continue
        if not _is_array(times, "fiu", 1):
            raise _broken(
                spec.name, f"has {what} as {_name_of(times)}", "an array of one dimension"
            )
    if chunk.device_times is not None and len(chunk.device_times) != len(chunk.times):
        both = f"has {len(chunk.times)} times and {len(chunk.device_times)} device_times"
        raise _broken(spec.name, both, "as many of both")
    kinds = "OUS" if spec.dtype == "string" else "fiub"
    if not _is_array(chunk.data, kinds, 2):
        raise _broken(spec.name, f"has data as {_name_of(chunk.data)}", f"a table of {spec.dtype}")
    wanted = len(chunk.times), len(spec.channels)
    if chunk.data.shape != wanted:
        raise _broken(spec.name, f"has data of shape {chunk.data.shape}", f"{wanted}")


def _check_frame(frame: Frame, spec: Spec) -> None:
    needed: tuple[object, ...] = (frame.device_frame, frame.time)
    others: tuple[object, ...] = (frame.device_time, frame.exposure_us, frame.code)
    given = [*needed, *(n for n in others if n is not None)]
    if not all(isinstance(n, Real) for n in given):
        raise _broken(spec.name, f"has a frame with {(*needed, *others)!r:.99}", "numbers")
    image: object = frame.image
    if image is None:
        return
    if not isinstance(image, np.ndarray) or isinstance(image, np.ma.MaskedArray):
        raise _broken(spec.name, f"has a frame of {_name_of(image)}", "an array, or None")
    if isinstance(spec, SoundSpec):
        shape = (spec.block, spec.channel_count)
        if image.shape != shape or image.dtype != np.int16:
            raise _broken(spec.name, f"has a block as {_name_of(image)}", f"{shape} and int16")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _is_array(value: object, kinds: str, dimensions: int) -> bool:
    """Whether it is one; what a mask hides would be recorded as if it were a value."""
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        return False
    return value.dtype.kind in kinds and value.ndim == dimensions


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME or plain(name) != name:
        limits = f"1 to {MAX_NAME} characters, none of them for control"
        raise _broken("open()", f"names a stream {name!r:.99}", limits)
    return name


def _check_text(who: str, what: str, text: object) -> None:
    if not isinstance(text, str):
        raise _broken(who, f"has {what} {text!r:.99}", "a text")


def _name_of(value: object) -> str:
    if isinstance(value, np.ndarray):
        article = "a masked" if isinstance(value, np.ma.MaskedArray) else "an"
        return f"{article} array of shape {value.shape} and {value.dtype}"
    return type(value).__name__


def _broken(who: str, what: str, expected: str) -> ContractError:
    return ContractError(f"{who}: {what}, expected is {expected}: mend the driver")
