"""What every driver must keep, whoever wrote it; `check` runs one driver through its life."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from devices import base
from devices.base import Chunk, Clock, Device, Frame, MediaSpec, Notice, SoundSpec, StreamSpec
from tests.devices.clock import FakeClock

LONGEST_SILENCE_S = 0.2
BUSY_S = 60.0
CHANNELS_OF_FORMAT = {"RGB8": (3,)}


def check(
    driver: type[Device],
    settings: dict[str, Any],
    seconds: float = 5.0,
    clock: Clock | None = None,
) -> None:
    """Assert the contract of `devices.base` for one driver with these settings.

    Real devices need the real `clock`; without one, time is simulated.
    """
    check_settings(driver, settings)
    clock = clock or FakeClock()
    device = driver(driver.Settings(**settings), clock)
    device.close()
    times: dict[str, float] = {}
    for _ in range(2):
        before = dict(times)
        specs = device.open()
        check_specs(specs, settings["name"])
        has_more = partial(_has_more, times, before, specs)
        check_data(device, specs, clock, times, seconds, has_more)
        assert has_more(), "nothing after a reopen"
        device.close()
        device.close()


def _has_more(
    times: dict[str, float], before: dict[str, float], specs: Sequence[StreamSpec | MediaSpec]
) -> bool:
    return all(times.get(s.name, 0) > before.get(s.name, 0) for s in specs)


def check_settings(driver: type[Device], settings: dict[str, Any]) -> None:
    assert issubclass(driver.Settings, base.Settings)
    assert driver.summary
    with pytest.raises(ValidationError, match="no_such_key"):
        driver.Settings(**(settings | {"no_such_key": 1}))
    model = driver.Settings(**settings)
    with pytest.raises(ValidationError, match="frozen"):
        model.name = "other"


def check_specs(specs: Sequence[StreamSpec | MediaSpec], name: str) -> None:
    names = [spec.name for spec in specs]
    assert names
    assert len(set(names)) == len(names)
    assert names == [name] if len(names) == 1 else all(n.startswith(f"{name}-") for n in names)
    for spec in specs:
        if isinstance(spec, StreamSpec):
            labels = [channel.label for channel in spec.channels]
            assert labels
            assert len(set(labels)) == len(labels)


def check_data(
    device: Device,
    specs: Sequence[StreamSpec | MediaSpec],
    clock: Clock,
    times: dict[str, float],
    seconds: float,
    until: Callable[[], bool] = lambda: True,
) -> None:
    """Read for so long, in real time until `until`; `times` has the newest time of each stream."""
    by_name = {spec.name: spec for spec in specs}
    own: dict[str, float] = {}
    last, end = clock.now(), clock.now() + seconds
    silences = []
    for item in device.read():
        now = clock.now()
        silences.append(now - last)
        last = now
        if isinstance(item, Notice):
            check_notice(item)
        elif item is not None:
            spec = by_name[item.stream]
            check_item(item, spec)
            _check_order(item, times, own, now)
        simulated = isinstance(clock, FakeClock)
        if now >= end and (simulated or until() or now > end + BUSY_S):
            check_silences(silences, simulated=simulated)
            return
    raise AssertionError("read() ended by itself")


def check_silences(silences: list[float], *, simulated: bool) -> None:
    """Each is short; in real time, where the computer may be busy, most of them."""
    longest = max(silences) if simulated else sorted(silences)[len(silences) // 2]
    assert longest <= LONGEST_SILENCE_S + 1e-9, silences


def check_notice(notice: Notice) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", notice.code)
    assert "\n" not in notice.text


def check_item(item: Chunk | Frame, spec: StreamSpec | MediaSpec) -> None:
    assert item.lost >= 0
    if isinstance(item, Frame):
        assert not isinstance(spec, StreamSpec)
        check_image(item, spec)
        return
    assert isinstance(spec, StreamSpec)
    n = len(item.times)
    assert n > 0
    assert item.times.dtype == np.float64
    assert item.data.shape == (n, len(spec.channels))
    if spec.dtype == "string":
        assert all(isinstance(text, str) for text in item.data.flat)
    else:
        assert item.data.dtype == np.dtype(spec.dtype)
        assert item.data.flags.c_contiguous
        assert np.isfinite(item.data).all()
    assert item.device_times is None or item.device_times.shape == (n,)


def check_image(frame: Frame, spec: MediaSpec) -> None:
    if isinstance(spec, SoundSpec):
        assert frame.image is not None
        assert frame.image.shape == (spec.block, spec.channel_count)
        assert frame.image.dtype == np.int16
    elif frame.image is not None:
        more = CHANNELS_OF_FORMAT.get(spec.pixel_format, ())
        assert frame.image.shape == (spec.height, spec.width, *more)
        assert frame.image.dtype == np.uint8


def _check_order(
    item: Chunk | Frame, times: dict[str, float], own: dict[str, float], now: float
) -> None:
    """Times ascend over chunks, device times strictly, and nothing comes before its time."""
    stamps = item.times if isinstance(item, Chunk) else np.array([item.time])
    assert (np.diff(stamps, prepend=times.get(item.stream, -np.inf)) >= 0).all()
    assert stamps[-1] <= now + 1e-9
    times[item.stream] = float(stamps[-1])
    ticks = item.device_times if isinstance(item, Chunk) else item.device_time
    if ticks is not None:
        ticks = np.atleast_1d(ticks)
        assert (np.diff(ticks, prepend=own.get(item.stream, -np.inf)) > 0).all()
        own[item.stream] = float(ticks[-1])
