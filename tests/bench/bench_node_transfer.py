"""How fast the files of a node come, and what that costs either side.

python -m tests.bench.bench_node_transfer [--mb 1000]

Engine and node are programs on this computer, so both share its processors and its disk: ratios
between runs count, not the figures. Nothing records meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.bench import private_lsl


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1000)
    options = parser.parse_args()
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "home")
        return _transfer(Path(folder), options.mb)


def _transfer(folder: Path, megabytes: int) -> int:
    from tests.acquire.node.engine_with_node import pair
    from tests.acquire.node.kept_session import NAME, kept_on_node, wait_for_node
    from tests.acquire.node.node_program import Node
    from tests.acquire.program import Unisono, wait_for

    session, kept = kept_on_node(folder, megabytes)
    with Node(folder, "--pair") as node:
        wait_for_node(session, pair(node.ready()), node.address)
        wait_for(lambda: list(kept.parent.glob("*.blocks.json")), 600, what="hashes")
        served = psutil.Process(node.process.pid)
        before, began = _cpu_s(served), time.monotonic()
        with Unisono("collect", session, "--json", folder=folder) as collect:
            _, status, usage = os.wait4(collect.process.pid, 0)
            took = time.monotonic() - began
        cost = _cpu_s(served) - before
    size = (session / NAME).stat().st_size
    print(
        f"{size / 1e6 / took:.0f} MB/s ({size / 1e6:.0f} MB in {took:.1f} s); processor seconds a "
        f"GB: collect {(usage.ru_utime + usage.ru_stime) / size * 1e9:.1f}, node "
        f"{cost / size * 1e9:.1f}; status {status}",
        flush=True,
    )
    return status


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    sys.exit(main())
