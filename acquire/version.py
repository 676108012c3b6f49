"""What runs here: version, commit, and which extras are installed."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

import acquire

EXTRAS = {
    "gui": ("PySide6", "pyqtgraph", "tomlkit"),
    "face": ("skimage",),
    "bids": ("mne", "mne_bids", "pybv", "edfio"),
    "parquet": ("pyarrow",),
    "tables": ("openpyxl",),
    "acq": ("bioread",),
    "audio": ("sounddevice",),
    "ble": ("bleak",),
    "cluster": ("dask", "distributed"),
    "features": ("neurokit2", "pyarrow"),
    "genicam": ("harvesters", "genicam"),
    "node": ("zeroconf", "cryptography"),
    "study": ("xarray", "zarr", "webdataset", "pyarrow"),
}
"""The packages of each extra that only it needs."""
COMMIT_FILE = "commit.txt"
"""Beside this module, in what was built from a checkout (`.ci/commit_hook.py`)."""
GIT_S = 2.0


def described() -> str:
    """Say it in one line."""
    root = Path(acquire.__file__).parents[1]
    commit = commit_of(root) or _commit_when_built()
    parts = [f"commit {commit}"] if commit else []
    parts.append(f"extras: {', '.join(installed_extras()) or 'none'}")
    return f"unisono {acquire.__version__} ({'; '.join(parts)})"


def installed_extras() -> list[str]:
    """Name the extras all of whose packages are there."""
    return [name for name, needs in EXTRAS.items() if all(map(find_spec, needs))]


def extra_of(module: str) -> str | None:
    """Name the extra that brings a module; None where no extra does."""
    top = module.partition(".")[0]
    return next((name for name, needs in EXTRAS.items() if top in needs), None)


def commit_of(root: Path) -> str | None:
    """Ask git for the commit of a checkout; None where `root` is none, or there is no git."""
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=9"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=GIT_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _commit_when_built() -> str | None:
    try:
        return Path(acquire.__file__).with_name(COMMIT_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
