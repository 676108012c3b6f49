"""Amplifiers over the network in a recording: stand-ins, a break, and the certificate."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from tests.acquire.program import Unisono, event_codes, unique, unisono, wait_for, write_rig
from tests.acquire.test_reconnect import counts
from tests.ports import free_port

DEVICE = """
[[device]]
name = "{name}"
driver = "{driver}"
host = "127.0.0.1"
port = {port}
"""


@contextlib.contextmanager
def standing_in(name: str, folder: Path, port: int = 0) -> Iterator[int]:
    """Run `unisono simulate NAME` and give its port."""
    arguments = ("simulate", name, "--port", str(port), "--rate", "500", "--json")
    with Unisono(*arguments, folder=folder) as program:
        wait_for(lambda: program.stdout.endswith("\n") or program.process.poll() is not None)
        assert program.process.poll() is None, program.stderr
        yield int(json.loads(program.stdout)["port"])


@pytest.mark.parametrize(
    "driver",
    [
        "curry",
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("brain-products-rda", "scan")),
    ],
)
def test_a_break_of_the_connection_is_counted_and_the_stream_goes_on(
    driver: str, tmp_path: Path
) -> None:
    name = unique("amp")
    with contextlib.ExitStack() as first:
        port = first.enter_context(standing_in(driver, tmp_path, free_port()))
        rig = write_rig(
            tmp_path,
            DEVICE.format(name=name, driver=driver, port=port),
        )
        with Unisono("record", rig, "--data-dir", tmp_path / "d", "--json", folder=tmp_path) as run:
            run.wait_for_line()
            wait_for(lambda: samples_in(tmp_path / "d", name) > 100)
            first.close()
            wait_for(lambda: f"{name}: " in run.stderr and "trying to open it again" in run.stderr)
            with standing_in(driver, tmp_path, port):
                wait_for(lambda: recorded(tmp_path / "d", b"device-back"))
                before = samples_in(tmp_path / "d", name)
                wait_for(lambda: samples_in(tmp_path / "d", name) > before + 100)
                run.say("stop\n")
                result = run.wait()
    assert "Traceback" not in result.stderr
    assert "error" not in result.stderr
    assert {"device-lost", "device-back"} <= set(event_codes(result.session, name))
    entry = next(s for s in result.json["streams"] if s["name"] == name)
    assert entry["samples"] > 0
    assert entry["lost"] > 0
    assert result.code == 1  # a loss is one


def samples_in(folder: Path, name: str) -> int:
    return sum(sum(counts(path, name)) for path in folder.rglob("recording.xdf"))


def recorded(folder: Path, text: bytes) -> bool:
    return any(text in path.read_bytes() for path in folder.rglob("recording.xdf"))


def test_physiology_and_brain_lie_on_one_clock(tmp_path: Path) -> None:
    eeg, physio = unique("eeg"), unique("bio")
    with (
        standing_in("curry", tmp_path) as curry,
        standing_in("biopac", tmp_path) as biopac,
    ):
        text = "".join(
            DEVICE.format(name=name, driver=driver, port=port)
            for name, driver, port in ((eeg, "curry", curry), (physio, "biopac", biopac))
        )
        result = unisono(
            *("record", write_rig(tmp_path, text), "--seconds", "4", "--json"),
            *("--data-dir", tmp_path / "d"),
            folder=tmp_path,
        )
    assert result.code in (0, 1), result.stderr
    with open_session(result.session) as session:
        assert session[eeg].labels[0] == "Fp1"
        assert session[physio].labels[5] == "ECG"
        for name in (eeg, physio):
            steps = np.diff(session[name].times())
            assert np.median(steps) == pytest.approx(1 / 500, rel=1e-2)
    assert {s["name"]: s["lost"] for s in result.json["streams"]}[eeg] == 0


def test_a_rig_to_start_from(tmp_path: Path) -> None:
    for like, more in (("mmme", ()), ("mmme", ("--simulated",)), ("simulated", ())):
        path = tmp_path / f"{like}{len(more)}.toml"
        made = unisono("rig", "new", path, "--like", like, *more, folder=tmp_path)
        assert made.code == 0, made.stderr
        good = unisono("rig", "check", path, folder=tmp_path)
        assert good.code == 0, good.stderr
    assert (
        "eeg (curry), physio (biopac), face (simulated-camera)"
        in unisono("rig", "check", tmp_path / "mmme1.toml", folder=tmp_path).stdout
    )
    none = unisono("rig", "new", tmp_path / "x.toml", "--like", "casme", folder=tmp_path)
    assert none.code == 2
    assert "there are: mmme, simulated" in none.error


def test_two_stand_ins_of_one_kind_have_a_port_each(tmp_path: Path) -> None:
    """The second was told to choose another port, and none was of use: both asked for a third."""
    with standing_in("biopac", tmp_path) as one, standing_in("biopac", tmp_path) as other:
        assert one != other


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with standing_in("scan", tmp_path) as port:
        second = unisono("simulate", "scan", "--port", str(port), folder=tmp_path)
    assert second.code == 2
    assert f"port {port}: Address already in use; choose another --port" in second.error


@pytest.mark.parametrize("name", ["biopac", "curry"])
def test_an_address_that_is_not_this_computers_is_none_of_the_port(
    name: str, tmp_path: Path
) -> None:
    done = unisono("simulate", name, "--host", "192.0.2.1", "--port", "0", folder=tmp_path)
    assert done.code == 2
    assert done.error == "error: 192.0.2.1 is no address of this computer; choose another --host"


def test_a_stand_in_sends_to_no_computer_that_there_is_not(tmp_path: Path) -> None:
    done = unisono("simulate", "unicorn-udp", "--host", "no such host", folder=tmp_path)
    assert done.code == 2
    assert done.error == "error: no computer is called 'no such host'; choose another --host"


def test_a_rate_that_no_stand_in_has_is_named(tmp_path: Path) -> None:
    """It was a traceback of pydantic's."""
    done = unisono("simulate", "scan", "--port", "0", "--rate", "0", folder=tmp_path)
    assert done.code == 2
    assert done.stderr.startswith("error: rate_hz: Input should be greater")
