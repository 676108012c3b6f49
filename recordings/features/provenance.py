"""What a table of features was made from, and by what: a BIDS derivative's side files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2

from recordings.disk.hashing import sha256_of
from recordings.export.bids.files import BIDS_VERSION, write_json
from recordings.manifest import Manifest
from recordings.version import program_version

_PACKAGES: Final = ("numpy", "scipy", "neurokit2", "pyarrow")

_ABOUT: Final[Mapping[str, str]] = {
    r"window": "Number of the row, from 1",
    r"start|stop": "Seconds since the start of the recording; stop does not belong to it",
    r"lsl_time": "LSL time of the event or trial, or of the window's start, seconds",
    r"EEG_(Delta|Theta|Alpha|Beta|Gamma)_DE_.*": "Differential entropy of the band, nats",
    r"EEG_(Delta|Theta|Alpha|Beta|Gamma)_.*": "Power of the band, µV²",
    r"[A-Za-z]+_Quality(_.*)?": (
        "0 to 1. ECG and PPG: NeuroKit's, 0 where samples stand still or clip; motion: share of "
        "the face that moves with the head; others: share of samples that do neither, and of slow "
        "signals, which may repeat a value, 0 where they have no other"
    ),
    r"[A-Za-z0-9]+_Missing(_.*)?": "Share of the window's samples that are missing, 0 to 1",
    r"(EDA_Tonic|EDA_Peak_Amplitude|SCR_(Peaks|Peak)_Amplitude)(?!.*_Time).*": "µS",
    r"EMG_Amplitude_(Mean|Max)(?!_Time).*": "mV",
    r"SKT_Mean.*": "°C",
    r"SKT_Slope.*": "°C a second",
    r"HRV_.*": "As neurokit2.hrv_time, ms; only of at least 60 s without a gap",
    r"(ECG|PPG|RSP)_Rate_.*": "Per minute; as in NeuroKit2",
    r"Flow(28|256)_(u|v)": (
        "Flow of the face from onset to apex, px of its crop of 256 px, right (u) or down (v): a "
        "square of 28 or 256 a side, row by row"
    ),
    r"Flow(28|256)_strain": "Size of the strain of that flow, likewise",
    r"Motion_.*_Reach(_.*)?": "Furthest from its median place, px of the crop",
    r"Motion_.*_Range(_.*)?": "Highest less lowest: degrees; of eyes, contrast",
}


def sidecar(
    manifest: Manifest,
    settings: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    beside: Sequence[Path],
) -> dict[str, Any]:
    """Return what is told of a table: sources with their hashes, settings, versions, columns."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        "Description": f"Features, one row a window ({settings['windows']})",
        "Simulated": manifest.simulated,
        "GeneratedBy": [{"Name": "Unisono", "Version": program_version()}],
        "Software": {name: _version(name) for name in _PACKAGES}
        # By itself: it comes in several packages.
        | {"opencv": cv2.__version__},
        "Settings": {name: _plain(value) for name, value in settings.items()},
        "Sources": {
            "manifest": manifest.digest(),
            **{entry.path: entry.sha256 for entry in manifest.files if entry.sha256},
            **{f"{p.parent.name}/{p.name}": sha256_of(p) for p in beside if p.is_file()},
        },
        "Columns": {name: about for name in names if (about := _about(name))},
    }


def _about(name: str) -> str:
    return next((text for form, text in _ABOUT.items() if re.fullmatch(form, name)), "")


def _version(package: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _plain(value: Any) -> Any:
    """Return a setting as JSON has it; of a folder its name alone: paths tell whose disk it was."""
    return value.name if isinstance(value, Path) else value


def dataset(folder: Path) -> None:
    """Write what the whole dataset shares; it says nothing that another version would not."""
    write_json(
        folder / "dataset_description.json",
        {
            "Name": "Features",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "Unisono", "Description": "unisono features"}],
        },
    )
    (folder / ".bidsignore").write_text("*_features.*\n", encoding="utf-8")
