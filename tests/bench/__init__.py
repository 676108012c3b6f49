"""Benches: figures, as ratios in one run; `python -m tests.bench` runs them all."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path


def private_lsl() -> None:
    """Keep this process and its children on loopback, in an LSL session of their own."""
    folder = tempfile.mkdtemp(prefix="unisono-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "lsl_api.cfg"
    port = 17_000 + 256 * secrets.randbelow(58)  # see tests/conftest.py
    path.write_text(
        f"[multicast]\nResolveScope = machine\n[lab]\nSessionID = bench-{secrets.token_hex(6)}\n"
        "KnownPeers = {127.0.0.1}\n"
        f"[ports]\nIPv6 = disable\nBasePort = {port}\nPortRange = 256\n"
        "[log]\nlevel = -3\n"
    )
    os.environ["LSLAPICFG"] = str(path)
