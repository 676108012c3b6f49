"""A BrainVision recording of a second: INT_16, 250 Hz, one marker."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def brainvision(folder: Path, units: tuple[str, ...], marker_file: bool) -> Path:
    rows = "\n".join(f"Ch{n}=c{n},,0.5,{unit}" for n, unit in enumerate(units, 1))
    head = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile=x.eeg\nMarkerFile=x.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(units)}\nSamplingInterval=4000\n[Binary Infos]\n"
        f"BinaryFormat=INT_16\n[Channel Infos]\n{rows}\n[Comment]\nCh1=no,,0.5,channel\n"
    )
    (folder / "x.vhdr").write_text(head, encoding="utf-8")
    np.arange(250 * len(units), dtype="<i2").tofile(folder / "x.eeg")
    if marker_file:
        (folder / "x.vmrk").write_text(
            "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\n"
            "Codepage=UTF-8\nDataFile=x.eeg\n[Marker Infos]\nMk1=Stimulus,S  1,10,1,0\n"
        )
    return folder / "x.vhdr"
