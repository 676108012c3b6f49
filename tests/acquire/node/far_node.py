"""A node at the other end of a cable, with a clock of its own; engine and node are programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acquire.node.pairing.known import remember
from acquire.node.pairing.pair import pair
from tests.acquire.node.engine_with_node import write_rig
from tests.acquire.node.node_program import Node
from tests.acquire.program import TIMEOUT_S, Result, Unisono
from tests.netns import Cable

BUFFER_S = 5
"""What the node's outlets keep: a cut that lasts longer loses samples on the way."""


@dataclass
class FarNode:
    """A node, the cable to it, and a rig that has it."""

    node: Node
    cable: Cable
    rig: Path
    folder: Path

    @property
    def address(self) -> str:
        """Where the engine reaches it."""
        return f"{self.cable.there}:{self.node.port}"

    @contextmanager
    def recording(self, *options: str) -> Iterator[Unisono]:
        """Record with the rig, until the program is stopped."""
        with Unisono(
            "record", self.rig, "--study", "far", "--json", *options, folder=self.folder
        ) as program:
            program.wait_for_line()
            yield program

    def collect(self, session: Path, timeout_s: float = TIMEOUT_S) -> Result:
        """Fetch what is on the node."""
        with Unisono("collect", session, "--json", folder=self.folder) as program:
            return program.wait(timeout_s)


@contextmanager
def far_node(
    folder: Path,
    *options: str,
    clock: Sequence[str] = (),
    data_dir: Path | None = None,
    devices: str = "",
) -> Iterator[FarNode]:
    """Start a node behind a cable, pair with it, and write the rig; `devices` are added to it."""
    with Cable() as cable:
        cable.small_buffers()
        mine = ("--pair", "--host", cable.there, "--buffer", str(BUFFER_S), *options)
        prefix = (*cable.prefix, *clock)
        with Node(folder, *mine, prefix=prefix, data_dir=data_dir) as node:
            node.ready()
            address = f"{cable.there}:{node.port}"
            known = pair(address, node.said("code "), "engine-pc")
            remember(known)
            (folder / "data").mkdir()
            rig = write_rig(folder, known, address)
            rig.write_text(rig.read_text() + devices)
            yield FarNode(node, cable, rig, folder)
