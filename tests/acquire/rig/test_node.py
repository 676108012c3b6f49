"""Nodes in the rig file: who they are, and which devices run on them."""

from __future__ import annotations

import sys

import pytest

from acquire.errors import ConfigError
from acquire.rig.file import parse_rig

NODE = f"""
[[node]]
name = "cam-pc"
address = "10.0.0.2:9000"
fingerprint = "{"ab" * 32}"
"""
ELSEWHERE = """
[[device]]
name = "face"
driver = "a-driver-of-another-computer"
node = "cam-pc"
anything = 3
"""


def test_a_driver_that_only_the_node_has_is_left_for_it_to_judge() -> None:
    rig = parse_rig(NODE + ELSEWHERE)
    assert rig.device("face").settings == {"name": "face", "anything": 3}
    assert rig.peers == ("10.0.0.2",)


def test_settings_of_a_known_driver_are_checked_here() -> None:
    text = NODE + ELSEWHERE.replace("a-driver-of-another-computer", "simulated-camera")
    with pytest.raises(ConfigError, match=r"device .face.*anything"):
        parse_rig(text)


def test_the_same_driver_here_is_refused() -> None:
    with pytest.raises(ConfigError, match="driver"):
        parse_rig(ELSEWHERE.replace('node = "cam-pc"\n', ""))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ELSEWHERE, r"node: 'cam-pc' is no .*there are: none"),
        (NODE + NODE, "node 'cam-pc': the name is used twice"),
        (NODE.replace("cam-pc", "../x"), "name"),
        (NODE.replace("ab" * 32, "ab"), "fingerprint"),
        (NODE.replace(":9000", ":99999"), "address"),
        (NODE.replace("10.0.0.2", "a b"), "address"),
        (NODE + "token = 'secret'\n", "token"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_rig(text)


def test_a_rig_without_nodes_is_described_as_before() -> None:
    """What older programs read of a manifest stays what it was."""
    rig = parse_rig('[[device]]\nname = "eeg"\ndriver = "simulated-eeg"\n')
    assert "node" not in rig.parsed
    assert "node" not in rig.parsed["device"][0]


BOARD = """
[[device]]
name = "arm"
driver = "brainflow"
board = "GFORCE_PRO_BOARD"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the board runs on Windows alone")
def test_a_nodes_device_is_not_judged_by_this_computers_system() -> None:
    with pytest.raises(ConfigError, match="does not support GFORCE_PRO_BOARD on Linux"):
        parse_rig(BOARD)
    assert parse_rig(NODE + BOARD + 'node = "cam-pc"\n').devices[0].node == "cam-pc"


def test_a_data_folder_of_nobody_is_refused() -> None:
    """It was a RuntimeError of the system's, and as a name a folder wherever the program runs."""
    with pytest.raises(ConfigError, match="nobody of that name"):
        parse_rig('[rig]\nname = "a"\ndata_dir = "~no-such-person/x"\n')
