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

RUN = "0123456789abcdef"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1000)
    options = parser.parse_args()
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "home")
        return _transfer(Path(folder), options.mb)


def _transfer(folder: Path, megabytes: int) -> int:
    from acquire.node.store.store import Store
    from recordings import layout
    from recordings.manifest import FileEntry, Manifest, PendingFile, State
    from tests.acquire.node.engine_with_node import pair
    from tests.acquire.node.node_program import Node
    from tests.acquire.program import Unisono, wait_for

    session, _ = layout.new_session_folder(folder / "data", "study", "01", "01", "test")
    (folder / "node-data").mkdir()
    kept, _ = Store(folder / "node-data").armed(RUN, layout.session_id(session), 1, "eeg", {})
    with (kept.folder / "eeg.copy.xdf").open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    with Node(folder, "--pair") as node:
        known = pair(node.ready())
        asking_node = psutil.Process(node.process.pid)
        Manifest(
            state=State.COMPLETE,
            study="study",
            participant="01",
            session="01",
            task="test",
            run=1,
            software={},
            host={"node_run": RUN},
            rig={
                "node": [
                    {"name": "cam-pc", "address": known.address, "fingerprint": known.fingerprint}
                ]
            },
            files=(FileEntry(path="recording.xdf"),),
            pending=(PendingFile(path="eeg.copy.xdf", node="cam-pc"),),
        ).save(session)
        wait_for(lambda: list(kept.folder.glob("*.blocks.json")), 600, what="hashes")
        before, began = _cpu_s(asking_node), time.monotonic()
        with Unisono("collect", session, "--json", folder=folder) as collect:
            _, status, usage = os.wait4(collect.process.pid, 0)
            took = time.monotonic() - began
        served = _cpu_s(asking_node) - before
    size = (session / "eeg.copy.xdf").stat().st_size
    print(
        f"{size / 1e6 / took:.0f} MB/s ({size / 1e6:.0f} MB in {took:.1f} s); processor seconds a "
        f"GB: collect {(usage.ru_utime + usage.ru_stime) / size * 1e9:.1f}, node "
        f"{served / size * 1e9:.1f}; status {status}",
        flush=True,
    )
    return status


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    sys.exit(main())
