"""Other computers' clocks: one 5,000 s away (a time namespace), one that drifts (libfaketime).

Every pulse carries the true time beside its LSL stamp, both read in the same moments, and is then
looked up in the file: corrected to the recorder's clock, the stamp has to be the true time again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pylsl
import pytest

from devices.arrays import F64Array
from recordings.stamps.clock_offsets import correct, fit_offsets
from tests.acquire.program import Loaded, Unisono, load, unique, wait_for
from tests.acquire.sources import Source, Sources, both_clocks

SECONDS = 13
INTERVAL_S = 0.05
LIMIT_S = 0.3e-3
"""Where the offsets are measured well: what a busy computer measured them worse is allowed more."""
PPM = 200
NAMESPACE = ("unshare", "-T", "--monotonic", "5000", "--boottime", "5000")
FAKETIME = ("faketime", "-f", f"+0 x{1 + PPM * 1e-6}")
KINDS = ("here", "far", "fast")


def works(prefix: tuple[str, ...]) -> bool:
    """Say whether a program can be started that way."""
    if sys.platform != "linux" or shutil.which(prefix[0]) is None:
        return False
    return subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0


@dataclass(frozen=True)
class Pulses:
    """What was recorded, raw and as pyxdf corrects it; true times are on the recorder's clock."""

    raw: dict[str, Loaded]
    corrected: dict[str, Loaded]
    true_offset: float

    def true(self, kind: str) -> F64Array:
        """When the pulses really were."""
        return np.asarray(self.raw[kind].data[:, 0] + self.true_offset)

    def mismeasured(self, kind: str) -> float:
        """By how much the worst of a stream's offsets is wrong."""
        stream = self.raw[kind]
        true = np.interp(stream.clock_times, stream.stamps, self.true(kind) - stream.stamps)
        return float(np.abs(stream.clock_values - true).max())


@pytest.fixture(scope="module")
def pulses(tmp_path_factory: pytest.TempPathFactory) -> Pulses:
    for prefix, what in ((NAMESPACE, "time namespaces"), (FAKETIME, "libfaketime")):
        if not works(prefix):
            pytest.skip(f"{what} cannot be used here: {' '.join(prefix)} fails")
    base = unique("clock")
    folder = tmp_path_factory.mktemp("clocks")
    file = folder / "a.xdf"

    def source(kind: str, prefix: tuple[str, ...] = ()) -> Sources:
        name = f"{base}-{kind}"
        return Sources(Source(name, channels=1, rate_hz=0, format="double64"), prefix=prefix)

    with source("here") as here, source("far", NAMESPACE) as far, source("fast", FAKETIME) as fast:
        arguments = ("--xdf", file, "--streams", f"starts-with(name,'{base}')")
        with Unisono("record", *arguments, folder=folder) as program:
            program.wait_for_line()
            for process in (here, far, fast):
                wait_for(lambda process=process: process.ask("listeners") == "1")  # type: ignore[misc]
            start, (lsl, true) = pylsl.local_clock(), both_clocks()
            for number in range(int(SECONDS / INTERVAL_S)):
                due = start + number * INTERVAL_S
                wait_for(lambda due=due: pylsl.local_clock() >= due)  # type: ignore[misc]
                for process in (here, far, fast):
                    process.tell("pulse")
                for process in (here, far, fast):
                    process.hear()
            lsl_end, true_end = both_clocks()
            assert program.stop().code == 0
    if abs((lsl_end - lsl) - (true_end - true)) > 50e-6:
        pytest.skip("the wall clock was set while this ran")
    strip = len(base) + 1
    raw = {name[strip:]: stream for name, stream in load(file).items()}
    corrected = {name[strip:]: s for name, s in load(file, corrected=True).items()}
    return Pulses(raw, corrected, ((lsl - true) + (lsl_end - true_end)) / 2)


def by_unisono(pulses: Pulses, kind: str) -> F64Array:
    stream = pulses.raw[kind]
    times, values = np.array(stream.clock_times), np.array(stream.clock_values)
    return correct(stream.stamps, fit_offsets(times, values))


def by_pyxdf(pulses: Pulses, kind: str) -> F64Array:
    return np.asarray(pulses.corrected[kind].stamps)


def p99(values: F64Array) -> float:
    return float(np.percentile(np.abs(values), 99))


def test_the_clocks_are_what_they_are_said_to_be(pulses: Pulses) -> None:
    for kind in KINDS:
        assert len(pulses.raw[kind].stamps) == int(SECONDS / INTERVAL_S)
    raw = {kind: pulses.raw[kind].stamps - pulses.true(kind) for kind in KINDS}
    assert np.abs(raw["here"]).max() < 0.1e-3
    assert raw["far"] == pytest.approx(5000, abs=0.1)
    span = pulses.true("fast")[-1] - pulses.true("fast")[0]
    assert (raw["fast"][-1] - raw["fast"][0]) / span == pytest.approx(PPM * 1e-6, rel=0.05)


def test_offsets_are_stamped_when_they_were_measured(pulses: Pulses) -> None:
    for kind in KINDS:
        times = np.array(pulses.raw[kind].clock_times)
        assert (np.diff(times) > 0.5).all()
        assert len(times) >= SECONDS // 4
        # On the sender's clock, as the pulses are.
        assert abs(times[-1] - pulses.raw[kind].stamps[-1]) < 5
    fast = pulses.raw["fast"]
    fit = fit_offsets(np.array(fast.clock_times), np.array(fast.clock_values))
    wrong = pulses.mismeasured("fast")
    assert fit.drift_ppm == pytest.approx(PPM, abs=20 + 4e6 * wrong / SECONDS)
    assert 0 < np.median(np.abs(fit.residuals)) < 0.1e-3 + wrong


@pytest.mark.parametrize("corrected", [by_unisono, by_pyxdf])
@pytest.mark.parametrize("kind", KINDS)
def test_corrected_stamps_are_the_true_times(
    kind: str, corrected: Callable[[Pulses, str], F64Array], pulses: Pulses
) -> None:
    limit = LIMIT_S + 2 * pulses.mismeasured(kind)
    assert p99(corrected(pulses, kind) - pulses.true(kind)) <= limit


@pytest.mark.parametrize("corrected", [by_unisono, by_pyxdf])
@pytest.mark.parametrize(("a", "b"), list(combinations(KINDS, 2)))
def test_the_same_moment_has_the_same_time_in_two_streams(
    a: str, b: str, corrected: Callable[[Pulses, str], F64Array], pulses: Pulses
) -> None:
    error_a = corrected(pulses, a) - pulses.true(a)
    error_b = corrected(pulses, b) - pulses.true(b)
    limit = LIMIT_S + 2 * (pulses.mismeasured(a) + pulses.mismeasured(b))
    assert p99(error_a - error_b) <= limit
