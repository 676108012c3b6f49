"""`unisono demo`: the simulated rig is shown a protocol."""

from __future__ import annotations

from pathlib import Path

from acquire.cli.live.record import Order
from acquire.player.messages import PlayOrder
from acquire.rig.file import parse_rig
from acquire.rig.simulated import SIMULATED_DEVICES
from acquire.take.folder import Labels

WAIT_S = 60.0
"""The first start of a program may take long, where an antivirus looks at each of its files."""


def demo_order(seconds: float | None, data_dir: Path | None, seed: int, as_json: bool) -> Order:
    """Order a recording of the simulated rig that is shown the protocol `demo`.

    The player takes the place of the world's own events, and its codes go to the amplifiers.
    All of it is on a private LSL network.
    """
    text = SIMULATED_DEVICES
    for driver in ("simulated-eeg", "simulated-physio"):
        line = f'driver = "{driver}"\n'
        text = text.replace(line, f'{line}codes_from = "protocol"\n')
    return Order(
        rig=parse_rig(text.format(seed=seed)),
        play=PlayOrder("demo", "simulated", seed, simulate=True, headless=True),
        seconds=seconds,
        labels=Labels(study="demo", participant="simulated", task="demo"),
        data_dir=data_dir,
        wait_s=WAIT_S,
        as_json=as_json,
        private=True,
    )
