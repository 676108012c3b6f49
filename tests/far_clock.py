"""A computer's clock that is ahead and runs fast, for a program and all that it starts.

libfaketime does not do for a whole Python program: its steady clock counts from 1970, and a thread
that waits for a semaphore by that clock waits for 55 years.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from recordings.arrays import F64Array

_SOURCE: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    static double since, share;
    if (!real) {
        since = atof(getenv("FAST_SINCE")), share = 1e-6 * atof(getenv("FAST_PPM"));
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int failed = real(id, at);
    if (failed || id != CLOCK_MONOTONIC) return failed;
    long long more = (at->tv_sec - since + 1e-9 * at->tv_nsec) * share * 1e9;
    long long ns = at->tv_nsec + more;
    at->tv_sec += ns / 1000000000, at->tv_nsec = ns % 1000000000;
    return 0;
}
"""


class FarClock:
    """A clock that is `ahead_s` ahead, in a time namespace, and runs fast from now on."""

    def __init__(self, folder: Path, ahead_s: int = 5000, ppm: float = 200.0) -> None:
        if (compiler := shutil.which("cc")) is None:
            pytest.skip("no C compiler, for a clock that runs fast")
        source, library = folder / "fast.c", folder / "fast.so"
        source.write_text(_SOURCE)
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True
        )
        self.ahead_s, self.ppm = ahead_s, ppm
        self.since = time.clock_gettime(time.CLOCK_MONOTONIC) + ahead_s
        ahead = str(ahead_s)
        self.prefix = (
            *("unshare", "-T", "--monotonic", ahead, "--boottime", ahead),
            *("env", f"LD_PRELOAD={library}", f"FAST_SINCE={self.since!r}", f"FAST_PPM={ppm!r}"),
        )
        """Starts a program by that clock."""

    def true(self, shown: F64Array) -> F64Array:
        """Give the LSL time of this computer at which that clock shows something, s."""
        slow = (shown - self.since) / (1 + 1e-6 * self.ppm) + self.since
        return slow - self.ahead_s
