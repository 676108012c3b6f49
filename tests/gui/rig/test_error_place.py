"""A complaint about a rig file is shown at its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import ConfigError
from acquire.rig.file import parse_rig
from gui.rig.error_place import line_of

GOOD = """\
# the lab
[rig]
name = "lab"
data_dir = "data"

[eeg]
reference = "FCz"

[[device]]
name = "eeg"
driver = "simulated-eeg"
rate_hz = 250

[[device]]
name = "face"
driver = "simulated-camera"
width = 320
[device.gate]
source = "markers"
start_codes = [1]
stop_codes = [2]

[[expect]]
name = "gaze"
"""


@pytest.mark.parametrize(
    ("right", "wrong", "at"),
    [
        ('name = "lab"', "name = lab", "name = lab"),
        ('data_dir = "data"', 'datadir = "data"', 'datadir = "data"'),
        ('reference = "FCz"', "reference = 3", "reference = 3"),
        ("rate_hz = 250", "rate_hz = -1", "rate_hz = -1"),
        ("rate_hz = 250", "rate = 250", "rate = 250"),
        ("width = 320", 'width = "wide"', 'width = "wide"'),
        ('"simulated-camera"', '"simulated-kamera"', 'driver = "simulated-kamera"'),
        ('name = "face"', 'name = "eeg"', 'name = "eeg"'),
        ('name = "gaze"', "rate_hz = -5", "rate_hz = -5"),
    ],
)
def test_the_line_is_the_one_with_the_mistake(right: str, wrong: str, at: str) -> None:
    parse_rig(GOOD)
    text = GOOD.replace(right, wrong)
    with pytest.raises(ConfigError) as caught:
        parse_rig(text)
    line = line_of(text, str(caught.value))
    assert line is not None
    assert text.splitlines()[line] == at
    if wrong == 'name = "eeg"':  # used twice: the second one is shown
        assert line > text.splitlines().index(at)


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_and_no_complaint_breaks_it(text: str, problem: str) -> None:
    line = line_of(text, problem)
    assert line is None or 0 <= line <= len(text.splitlines())
