"""How well this computer keeps time: its clocks, its sleeps, its disk, and samples through LSL."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.outlet import Outlet
from acquire.lsl.streams import Resolver
from acquire.own_program import NO_WINDOW, command
from devices.base import Channel, StreamSpec
from recordings.disk import direct_io
from recordings.disk.direct_file import DirectFile
from recordings.layout import free_bytes

CALLS = 20_000
SLEEPS_S = (0.001, 0.005, 0.02)
ROUNDS = 100
STARTS = 3
BLOCK_BYTES = 1 << 20
BLOCKS = 128
SYNCS = 20
FIND_S = 5.0
SETTLE_S = 0.5
EACH_S = 0.01


def clocks() -> dict[str, Any]:
    """Read each clock again and again: its smallest step, what a call takes, whether it falls."""
    known: dict[str, Callable[[], float]] = {
        "time": time.time,
        "monotonic": time.monotonic,
        "perf_counter": time.perf_counter,
        "lsl": local_clock,
    }
    return {name: _clock(clock) for name, clock in known.items()}


def _clock(clock: Callable[[], float]) -> dict[str, float | int | None]:
    begun = time.perf_counter()
    read = np.array([clock() for _ in range(CALLS)])
    took_s = time.perf_counter() - begun
    steps = np.diff(read)
    rises = steps[steps > 0]
    return {
        "call_us": round(1e6 * took_s / CALLS, 3),
        "smallest_step_us": round(1e6 * float(rises.min()), 4) if len(rises) else None,
        "falls": int(np.sum(steps < 0)),
    }


def sleeps() -> dict[str, Any]:
    """Sleep and wait for short times: by how much each was too long."""
    waits: dict[str, Callable[[float], object]] = {
        "sleep": time.sleep,
        "wait": threading.Event().wait,
    }
    return {
        f"{name} {1e3 * wanted_s:g} ms": _described(_overshoot(wait, wanted_s))
        for name, wait in waits.items()
        for wanted_s in SLEEPS_S
    }


def _overshoot(wait: Callable[[float], object], wanted_s: float) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        wait(wanted_s)
        found.append(time.perf_counter() - begun - wanted_s)
    return found


def starts() -> dict[str, Any]:
    """Start this program again: what each of its processes costs at least."""
    found = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        subprocess.run(
            command("acquire", "--version"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            creationflags=NO_WINDOW,
        )
        found.append(time.perf_counter() - begun)
    return {"version": _described(found)}


def disk(folder: Path) -> dict[str, Any]:
    """Write a file as cameras do, and sync another as XDF files are.

    Raises:
        OSError, RecordingError: the disk refuses.
    """
    block = os.urandom(BLOCK_BYTES)  # nothing that a disk could compress
    begun = time.perf_counter()
    file = DirectFile(folder / "speed", checksum=False)
    for _ in range(BLOCKS):
        file.write(block)
    file.close()
    took_s = time.perf_counter() - begun
    return {
        "free_gb": round(free_bytes(folder) / 1e9, 1),
        "mode": file.mode,
        "write_mb_per_s": round(BLOCKS * BLOCK_BYTES / 1e6 / took_s, 1),
        "sync": _described(_syncs(folder / "sync")),
    }


def _syncs(path: Path) -> list[float]:
    found = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            begun = time.perf_counter()
            direct_io.sync(file.fileno())
            found.append(time.perf_counter() - begun)
    return found


def through_lsl() -> dict[str, Any]:
    """Send samples to this very process: how long the outlet is looked for, and each sample takes.

    Raises:
        TimeoutError: the outlet was not found, or said nothing: a firewall, as a rule.
    """
    spec = StreamSpec("unisono-doctor-timing", "Test", (Channel("test"),), 0.0, "float64")
    outlet = Outlet(spec, f"doctor-timing-{os.getpid()}")
    try:
        begun = time.perf_counter()
        inlet = _inlet(outlet.uid)
        found_s = time.perf_counter() - begun
        try:
            inlet.open(FIND_S)
            latencies = _sent(outlet, inlet)
        finally:
            inlet.close()
    finally:
        outlet.close()
    return {
        "found_s": round(found_s, 3),
        "sent": ROUNDS,
        "received": len(latencies),
        "latency": _described(latencies),
    }


def _inlet(uid: str) -> Inlet:
    resolver, end = Resolver(), time.monotonic() + FIND_S
    while time.monotonic() < end:
        for stream in resolver.found():
            if stream.uid == uid:
                return Inlet(stream)
        time.sleep(0.02)
    raise TimeoutError(f"a stream published here was not found again within {FIND_S:g} s")


def _sent(outlet: Outlet, inlet: Inlet) -> list[float]:
    end = time.monotonic() + FIND_S
    while not outlet.is_heard and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(SETTLE_S)
    found: list[float] = []
    for _ in range(ROUNDS):
        outlet.push(np.array([local_clock()]), np.zeros((1, 1)))
        found += _received(inlet, EACH_S, ROUNDS)
    return found + _received(inlet, SETTLE_S, ROUNDS - len(found))


def _received(inlet: Inlet, for_s: float, most: int) -> list[float]:
    """Pull for a while, or until there are so many; gives how long each sample took, s."""
    found: list[float] = []
    until = time.monotonic() + for_s
    while len(found) < most and time.monotonic() < until:
        if (pulled := inlet.pull()) is not None:
            found += (local_clock() - pulled[0]).tolist()
        time.sleep(0.0005)
    return found


def _described(values_s: list[float]) -> dict[str, float] | None:
    """Describe durations, s; None where there are none."""
    values = 1e3 * np.array(values_s)
    if not len(values):
        return None
    figures = {
        "mean_ms": values.mean(),
        "sd_ms": values.std(),
        "p99_ms": np.percentile(values, 99),
        "most_ms": values.max(),
    }
    return {"count": len(values), **{name: round(float(f), 4) for name, f in figures.items()}}
