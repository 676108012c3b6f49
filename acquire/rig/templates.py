"""Rig files to start from: simulated devices, or the rig that a corpus was recorded with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from acquire.errors import ConfigError
from acquire.rig.simulated import SIMULATED_RIG
from acquire.text_files import write_new

_HEAD = """\
# The rig of the MMME corpus: a Neuroscan amplifier with CURRY, a BIOPAC MP160 with AcqKnowledge,
# and a camera of 2048 x 1088 at 150 frames/s. Its protocol: unisono record FILE --protocol mmme

[rig]
name = "mmme"
data_dir = "~/unisono"
powerline_hz = 50
"""
_REAL = """
[[device]]
name = "eeg"
driver = "curry"
host = "192.168.0.10"            # the computer on which CURRY runs

[[device]]
name = "physio"
driver = "biopac"
host = "192.168.0.11"            # the computer on which AcqKnowledge runs
# units = { "ECG" = "millivolts" }  by label: AcqKnowledge does not tell them

[[device]]
name = "face"
driver = "camera-aravis"         # GigE Vision and USB3 Vision; camera-genicam with a producer
width = 2048
height = 1088
rate_hz = 150
pixel_format = "BayerRG8"
codec = "auto"
"""
_SIMULATED = """
# Stand-ins for the vendors' programs; start them first, each in a terminal of its own:
#   unisono simulate curry
#   unisono simulate biopac
[[device]]
name = "eeg"
driver = "curry"
host = "127.0.0.1"

[[device]]
name = "physio"
driver = "biopac"
host = "127.0.0.1"
port = 15010

[[device]]
name = "face"
driver = "simulated-camera"
width = 2048
height = 1088
rate_hz = 150
pixel_format = "BayerRG8"
seed = 1
"""

TEMPLATES: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("simulated", True): SIMULATED_RIG.format(seed=1),
        ("mmme", False): _HEAD + _REAL,
        ("mmme", True): _HEAD + _SIMULATED,
    }
)
"""By name, and whether the devices are simulated."""


def new_rig(path: Path, like: str = "simulated", *, simulated: bool = True) -> None:
    """Write a rig to a file that does not exist yet.

    Raises:
        ConfigError: there is no such rig, the file exists, or it cannot be written.
    """
    text = TEMPLATES.get((like, simulated))
    if text is None:
        known = ", ".join(sorted({name for name, _ in TEMPLATES}))
        raise ConfigError(f"there is no rig {like!r} to start from; there are: {known}")
    write_new(path, text)
