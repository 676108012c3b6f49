"""An engine with eight nodes: how long it all takes, what it costs, and what is lost.

python -m tests.bench.bench_eight_nodes [--nodes 8] [--seconds 15]

Engine and nodes are programs on this computer, each node with a camera of 320×240 at 50/s and an
EEG of eight channels at 250 Hz. One session is begun, split and stopped, and its files collected.
Limit: all is in the sessions, and no sample or frame is lost.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.bench import private_lsl

if TYPE_CHECKING:
    from tests.acquire.node.node_program import Node
    from tests.acquire.program import Unisono

COLLECT_S = 180.0
NODE = """
[[node]]
name = "node{n}"
address = "{address}"
fingerprint = "{fingerprint}"

[[device]]
name = "face{n}"
driver = "simulated-camera"
node = "node{n}"
codec = "magicyuv"
width = 320
height = 240
rate_hz = 50

[[device]]
name = "eeg{n}"
driver = "simulated-eeg"
node = "node{n}"
channels = 8
rate_hz = 250
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    private_lsl()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "home")
        nodes = _nodes(Path(folder), options.nodes, stack)
        return _record(Path(folder), nodes, options.seconds)


def _nodes(folder: Path, count: int, stack: contextlib.ExitStack) -> list[Node]:
    from tests.acquire.node.node_program import Node

    nodes = []
    for n in range(count):
        (own := folder / f"node{n}").mkdir()
        node = Node(own, "--host", "127.0.0.1", "--pair", "--name", f"node{n}")
        nodes.append(stack.enter_context(node))
    return [node.ready() for node in nodes]


def _rig(nodes: Iterable[Node]) -> str:
    from tests.acquire.node.engine_with_node import pair

    tables = [
        NODE.format(n=n, address=node.address, fingerprint=pair(node).fingerprint)
        for n, node in enumerate(nodes)
    ]
    return "".join(tables)


def _record(folder: Path, nodes: list[Node], seconds: float) -> int:
    from tests.acquire.daemon_program import Daemon
    from tests.acquire.program import wait_for

    began = time.monotonic()
    with Daemon(folder, rig=_rig(nodes)) as daemon:
        daemon.ready()
        wait_for(lambda: all(n["state"] == "connected" for n in daemon.get("nodes")))
        print(f"all connected after {time.monotonic() - began:.1f} s")
        daemon.idle()
        print(f"all devices run after {time.monotonic() - began:.1f} s")
        with _told("start"):
            daemon.post("recording/start")
        programs: list[Unisono] = [daemon, *nodes]
        before, began = [_cpu_s(program) for program in programs], time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        costs = zip(programs, before, strict=True)
        engine, *others = (100 * (_cpu_s(program) - was) / took for program, was in costs)
        print(
            f"of a core: engine {engine:.1f} %, a node with its devices {max(others):.1f} % at "
            f"most; memory: engine {_pss_mb(daemon):.0f} MB, a node "
            f"{max(map(_pss_mb, nodes)):.0f} MB at most; threads of the engine: "
            f"{daemon.tree()[0].num_threads()}"
        )
        with _told("split, until the first session is closed"):
            daemon.post("recording/split")
        time.sleep(seconds / 3)
        with _told("stop"):
            daemon.post("recording/stop")
        with _told("all collected"):
            wait_for(lambda: not any(s["on_nodes"] for s in daemon.get("sessions")), COLLECT_S)
        daemon.end()
    return _judge(folder / "data")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.2f} s", flush=True)


def _cpu_s(program: Unisono) -> float:
    """Return the processor seconds of a program and of all that it has started."""
    return sum(sum(process.cpu_times()[:2]) for process in _alive(program))


def _pss_mb(program: Unisono) -> float:
    """Return its memory and that of all that it has started, what is shared in equal parts."""
    return sum(process.memory_full_info().pss for process in _alive(program)) / 1e6


def _alive(program: Unisono) -> list[psutil.Process]:
    from tests.acquire.program import alive

    return alive(program.tree())


def _judge(data: Path) -> int:
    from recordings.check.examination import check

    failed = 0
    for file in sorted(data.rglob("session.json")):
        report = check(file.parent)
        lost = sum(one.lost for one in report.streams)
        failed += bool(lost) + sum(finding.level == "fail" for finding in report.findings)
        print(
            f"{file.parent.name}: {report.verdict}, {len(report.streams)} streams, {lost} lost, "
            f"axes of {len(report.pairs)} pairs "
            f"within {max(one.axes_ms for one in report.pairs):.2f} ms"
        )
    print("MISSED" if failed else "reached")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
