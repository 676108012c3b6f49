"""The doctor says what is wrong and what to do, from the files of any computer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from acquire.lsl.streams import FoundStream, StreamKey
from acquire.survey import doctor
from tests.acquire.program import unisono, write_rig


@dataclass
class Info:
    protocol: int

    def version(self) -> int:
        return self.protocol


def stream(uid: str, source: str, host: str = "lab", protocol: int = 110) -> FoundStream:
    key = StreamKey("s", "EEG", source, host)
    return FoundStream(key, uid, 1, 0.0, "float32", Info(protocol))


def test_an_adapter_that_waits_16_ms_is_named_with_its_remedy(tmp_path: Path) -> None:
    for port, value in (("ttyUSB0", "16\n"), ("ttyUSB1", "1\n")):
        (tmp_path / port).mkdir()
        (tmp_path / port / "latency_timer").write_text(value)
    slow, fast = doctor.ftdi_latency(tmp_path)
    assert (slow.level, slow.subject) == ("warn", "/dev/ttyUSB0")
    assert "16 ms" in slow.text
    assert str(tmp_path / "ttyUSB0" / "latency_timer") in slow.remedy
    assert fast.level == "ok"


def test_a_port_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ttyACM0").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (finding,) = doctor.permissions(tmp_path)
    assert finding.level == "fail"
    assert "dialout" in finding.remedy


def test_two_streams_with_one_source_id_and_mixed_versions() -> None:
    streams = [stream("a", "amp"), stream("b", "amp", "other", 100), stream("c", "")]
    (twice,) = doctor.duplicates(streams)
    assert "'amp'" in twice.text
    (mixed,) = doctor.versions(streams)
    assert "1.00 on other" in mixed.text
    assert "1.10 on lab" in mixed.text


@pytest.mark.parametrize(("round_trip", "level"), [(None, "fail"), (0.0003, "ok"), (0.012, "warn")])
def test_links(round_trip: float | None, level: str) -> None:
    assert doctor.link("other", round_trip).level == level


def test_several_interfaces() -> None:
    assert [f.level for f in doctor.interfaces(["lo", "eth0", "docker0"])] == ["ok"]
    assert [f.level for f in doctor.interfaces(["lo", "eth0", "wlan0"])] == ["warn"]


def test_time_source() -> None:
    assert [f.level for f in doctor.time_source("NTPSynchronized=no\n")] == ["warn"]
    assert [f.level for f in doctor.time_source("NTPSynchronized=yes\n")] == ["ok"]


def test_the_command_finds_its_own_stream(tmp_path: Path) -> None:
    done = unisono("doctor", "--json", folder=tmp_path)
    findings = json.loads(done.stdout)
    assert next(f["level"] for f in findings if f["subject"] == "LSL") == "ok"
    levels = {f["level"] for f in findings}
    assert done.code == (2 if "fail" in levels else 1 if "warn" in levels else 0)


def test_a_data_folder_that_a_cloud_copies(tmp_path: Path) -> None:
    (finding,) = doctor.data_folder(tmp_path / "OneDrive" / "unisono")
    assert finding.level == "warn"
    assert "OneDrive" in finding.text
    assert [f.level for f in doctor.data_folder(tmp_path / "unisono")] == ["ok"]


def test_the_data_folder_of_the_rig_is_the_one_that_is_looked_at(tmp_path: Path) -> None:
    """It was always ~/unisono, and said to be well whether or not it could be written to."""
    (tmp_path / "data").write_text("a file")
    rig = write_rig(tmp_path, f'[rig]\ndata_dir = "{tmp_path}/data/lab"\n')
    done = unisono("doctor", rig, "--json", folder=tmp_path)
    (found,) = [f for f in json.loads(done.stdout) if f["subject"] == "data folder"]
    assert (done.code, found["level"]) == (2, "fail")
    assert f"{tmp_path}/data/lab: cannot be written to (Not a directory)" in found["text"]
