"""mne-lsl plays a BrainVision file, over and over, until standard input ends.

``python -m tests.acquire.mne_lsl_player FILE.vhdr NAME``; a process of its own, for it brings a
liblsl of its own. It says `ready` when the stream is on the network.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

CHUNK = 30
"""Not a part of the file's 7,900 samples: mne-lsl 1.14 would send the whole file as one chunk."""


def main(path: str, name: str) -> None:
    from mne_lsl.player import PlayerLSL

    mne: Any = import_module("mne")
    raw = mne.io.read_raw_brainvision(path, preload=True, verbose="error")
    player = PlayerLSL(raw, chunk_size=CHUNK, name=name, source_id=name, annotations=False)
    player.start()
    print("ready", flush=True)
    sys.stdin.read()
    player.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
