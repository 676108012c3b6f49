"""The simulated rig, as a rig file."""

from __future__ import annotations

SIMULATED_DEVICES = """\
# A rig of simulated devices. Replace them one by one by real ones: `unisono devices` lists drivers.

[rig]
name = "simulated"
data_dir = "~/unisono"
powerline_hz = 50

[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 200
seed = {seed}
faults = {{ clock_offset_s = 1000, drift_ppm = 40, jitter_ms = 1 }}

[[device]]
name = "eeg"
driver = "simulated-eeg"
seed = {seed}
faults = {{ clock_offset_s = -30, drift_ppm = 80, jitter_ms = 2 }}

[[device]]
name = "physio"
driver = "simulated-physio"
seed = {seed}
faults = {{ clock_offset_s = 5, drift_ppm = -60, jitter_ms = 2 }}
"""

_EVENTS = """
# The simulated world's own events. A protocol that is played has its own stream, `protocol`.
[[device]]
name = "events"
driver = "simulated-markers"
seed = {seed}
"""

SIMULATED_RIG = SIMULATED_DEVICES + _EVENTS
