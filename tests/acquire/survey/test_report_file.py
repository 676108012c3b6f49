"""The report that a lab sends is whole, all of it JSON, and names nobody."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import ConfigError
from acquire.survey import doctor, report_file, timing
from acquire.survey.redaction import own_names, redacted
from tests.acquire.program import unisono

PARTS = {
    "versions",
    "findings",
    "clocks",
    "sleeps",
    "starts",
    "disk",
    "lsl",
    "devices",
    "recording",
}


def test_the_report_has_every_part_and_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home of anna"))
    (tmp_path / "home of anna").mkdir()
    # PortAudio's library of PulseAudio keeps the way to its server in the home, where none is said.
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(tmp_path / "pulse"))
    for name, few in (("ROUNDS", 5), ("STARTS", 1), ("BLOCKS", 4), ("SYNCS", 3), ("CALLS", 200)):
        monkeypatch.setattr(timing, name, few)
    file = tmp_path / "report.zip"
    told: list[str] = []
    report_file.write_report(file, 1.0, told.append)
    with ZipFile(file) as packed:
        content = {n.removesuffix(".json"): packed.read(n).decode() for n in packed.namelist()}
    parts = {name: json.loads(text) for name, text in content.items()}
    assert set(parts) == set(told) == PARTS
    assert [n for n, part in parts.items() if isinstance(part, dict) and "error" in part] == []
    assert parts["lsl"]["received"] == parts["lsl"]["sent"] == 5
    assert parts["clocks"]["lsl"]["falls"] == 0
    assert parts["disk"]["write_mb_per_s"] > 0
    assert "manifest" in parts["recording"], parts["recording"]["said"]
    assert parts["recording"]["manifest"]["state"] == "complete"
    assert parts["recording"]["certificate"]["verdict"]
    whole = "\n".join(content.values())
    # As a word: a computer may be called `vm`, and a temporary folder `j5uvmdf8`.
    words = re.split(r"[\W_]+", whole.lower())
    assert not any(name in whole for name in (str(tmp_path), "home of anna"))
    assert re.split(r"[\W_]+", socket.gethostname().lower())[0] not in words
    assert list((tmp_path / "home of anna").iterdir()) == [], "what it recorded is gone"


def test_a_part_that_fails_says_why_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError(f"no LSL for {getpass.getuser()} on {socket.gethostname()}")

    for name in ("clocks", "sleeps", "starts", "through_lsl"):
        monkeypatch.setattr(timing, name, broken)
    monkeypatch.setattr(timing, "disk", lambda folder: {})
    monkeypatch.setattr(report_file, "devices", dict)
    monkeypatch.setattr(report_file, "recording", lambda folder, seconds: {})
    monkeypatch.setattr(doctor, "examine", lambda meet: [])
    report_file.write_report(tmp_path / "report.zip", 1.0)
    with ZipFile(tmp_path / "report.zip") as packed:
        assert {name.removesuffix(".json") for name in packed.namelist()} == PARTS
        error = json.loads(packed.read("lsl.json"))["error"]
    assert error == "RuntimeError: no LSL for USER on THIS-COMPUTER"


def test_a_report_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.zip").write_bytes(b"precious")
    done = unisono("doctor", "--report", tmp_path / "report.zip", folder=tmp_path)
    assert done.code == 2
    assert "exists already" in done.error
    with pytest.raises(ConfigError, match="its folder is not there"):
        report_file.write_report(tmp_path / "missing" / "report.zip")
    assert (tmp_path / "report.zip").read_bytes() == b"precious"


NAMES = st.text("abAB.-/ü", min_size=1, max_size=6)


@given(st.lists(NAMES, max_size=4), st.recursive(st.text("abAB.-/ü ,"), st.lists, max_leaves=5))
def test_no_name_is_left_as_a_word(names: list[str], value: object) -> None:
    cleaned = json.dumps(redacted(value, dict.fromkeys(names, "#")), ensure_ascii=False)
    words = cleaned.replace(",", " ").replace('"', " ").replace("[", " ").replace("]", " ").split()
    assert not {word.lower() for word in words} & {name.lower() for name in names}


def test_a_name_inside_a_word_stays() -> None:
    assert redacted("an and Ann AN", {"an": "USER"}) == "USER and Ann USER"
    assert redacted({"/home/an/x": ("an", 1, None)}, {"/home/an": "~", "an": "U"}) == {
        "~/x": ["U", 1, None]
    }
    assert redacted("nothing known", {}) == "nothing known"


def test_the_own_names_are_this_computers() -> None:
    names = own_names({"other": "OTHER"})
    assert names[str(Path.home())] == "~"
    assert names[socket.gethostname()] == "THIS-COMPUTER"
    assert names["other"] == "OTHER"


def test_half_a_report_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one was told that it exists already."""

    def interrupted(*parts: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(report_file, "_parts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report_file.write_report(tmp_path / "report.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report was said to be what cannot be written, and an empty one was left."""
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"gone: cannot be written to .*set HOME"):
        report_file.write_report(tmp_path / "report.zip")
    assert list(tmp_path.iterdir()) == []
