"""Each extra, installed into an empty environment as a user does it, does what it promises.

`make wheels` runs it: it needs uv and a package index, and takes minutes. What is not fetched again
is linked from uv's cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.install.environments import (
    ROOT,
    TIMEOUT_S,
    Installed,
    build,
    in_environment,
    python_of,
)
from tests.install.running import opens_a_window

UV = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
UNREACHABLE = ("Failed to fetch", "error sending request", "dns error", "Could not connect")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_FOR_USERS = {"test", "bench", "bundle", "docs", "fuzz"}
EXTRAS = sorted(set(PROJECT["optional-dependencies"]) - NOT_FOR_USERS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("dist"))


def install(folder: Path, wheel: Path, extra: str = "") -> Installed:
    """Make an environment with the wheel and one extra; skip where there is no index."""
    uv("venv", "--quiet", "--python", sys.executable, str(folder))
    what = f"unisono[{extra}] @ {wheel.as_uri()}" if extra else f"unisono @ {wheel.as_uri()}"
    uv("pip", "install", "--quiet", "--python", str(python_of(folder)), what)
    return in_environment(folder, folder.with_name(f"home-{extra or 'core'}"))


def uv(*arguments: str) -> None:
    """Run uv."""
    if not UV.exists():
        pytest.skip("uv is not installed: pip install -e '.[test]'")
    done = subprocess.run(
        [str(UV), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S * 3,
        check=False,
    )
    if any(sign in done.stderr for sign in UNREACHABLE):
        pytest.skip(f"no package index: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def session(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that a plain `pip install unisono` has recorded, checked on the way."""
    program = install(tmp_path_factory.mktemp("core") / "environment", wheel)
    done = good(program, "demo", "--seconds", "12", "--json", "--data-dir", program.home / "data")
    session = Path(json.loads(done.splitlines()[-1])["session"])
    good(program, "rig", "new", program.home / "rig.toml")
    good(program, "rig", "check", program.home / "rig.toml")
    _available(program, "brainflow", "camera-opencv", "video-file", "serial-lines")
    good(program, "export", "csv", session, "--to", program.home / "csv")
    good(program, "export", "video", session, "--to", program.home / "video")
    assert program.run("check", session).returncode in (0, 1)
    return session


def good(program: Installed, *arguments: str | Path) -> str:
    """Run a command that has to succeed, without a word of Python's."""
    done = program.run(*arguments)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def _available(program: Installed, *drivers: str) -> None:
    listed = json.loads(good(program, "devices", "--json").splitlines()[-1])
    reasons = {one["name"]: one["reason"] for one in listed}
    assert {name: reasons[name] for name in drivers} == dict.fromkeys(drivers, "")


def _gui(program: Installed, session: Path) -> None:
    opens_a_window(program)


def _bids(program: Installed, session: Path) -> None:
    good(program, "export", "bids", session, "--to", program.home / "bids", "--video", "none")
    good(program, "export", "edf", session, "--to", program.home / "edf")


def _parquet(program: Installed, session: Path) -> None:
    to = program.home / "tables"
    good(program, "export", "csv", session, "--to", to, "--format", "parquet")
    assert list(to.rglob("*.parquet"))


def _tables(program: Installed, session: Path) -> None:
    sheet = program.home / "sheet.xlsx"
    sheet.write_bytes(b"no workbook")
    done = program.run("coding", "import", sheet, session, "--as", "anna", "--form", "samm")
    assert "cannot be read as a workbook" in done.stderr


def _acq(program: Installed, session: Path) -> None:
    file = program.home / "signals.acq"
    file.write_bytes(bytes(64))
    done = program.run("replay", file)
    assert "is no .acq file" in done.stderr


def _audio(program: Installed, session: Path) -> None:
    listed = json.loads(good(program, "devices", "--json").splitlines()[-1])
    (reason,) = (one["reason"] for one in listed if one["name"] == "microphone")
    assert "pip install" not in reason, "what is still missing is the system's: libportaudio2"


def _ble(program: Installed, session: Path) -> None:
    _available(program, "polar")


def _face(program: Installed, session: Path) -> None:
    good(program, "export", "clips", session, "--to", program.home / "clips", "--crop", "face")


def _genicam(program: Installed, session: Path) -> None:
    _available(program, "camera-genicam")


def _node(program: Installed, session: Path) -> None:
    folder = program.home / "node"
    done = program.run("node", "--data-dir", folder, "--port", "0", "--announce", "no-such")
    assert "no interface" in done.stderr, "it has made its certificate, and wants to speak mDNS"


def _features(program: Installed, session: Path) -> None:
    study = session.parents[2]
    good(program, "features", study, "--to", program.home / "features", "--length", "5")
    assert list((program.home / "features").rglob("*.parquet"))


def _cluster(program: Installed, session: Path) -> None:
    to = program.home / "dask"
    good(program, "export", "csv", session, "--to", to, "--dask", "local", "--jobs", "1")
    assert list(to.rglob("*.csv"))


def _study(program: Installed, session: Path) -> None:
    code = (
        "import sys; from recordings import load_study\n"
        "study = load_study(sys.argv[1], signals={'eda': 10}, length_s=5)\n"
        "study.to_xarray(); study.to_zarr(sys.argv[2]); study.to_webdataset(sys.argv[3])"
    )
    to = (program.home / "study.zarr", program.home / "shards")
    python = replace(program, command=(program.command[0], "-P"))
    done = python.run("-c", code, session.parents[2], *to)
    assert done.returncode == 0, done.stderr
    assert list(to[1].glob("*.tar"))


PROMISES = {
    "gui": [_gui, _face],
    "bids": [_bids],
    "parquet": [_parquet],
    "tables": [_tables],
    "acq": [_acq],
    "audio": [_audio],
    "ble": [_ble],
    "face": [_face],
    "genicam": [_genicam],
    "node": [_node],
    "cluster": [_cluster],
    "features": [_features],
    "study": [_study],
}
PROMISES["all"] = [promise for promises in PROMISES.values() for promise in promises]


def test_every_extra_is_tried() -> None:
    assert set(PROMISES) == set(EXTRAS)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("extra", EXTRAS)
def test_the_extra_does_what_it_promises(
    wheel: Path, session: Path, extra: str, tmp_path: Path
) -> None:
    program = install(tmp_path / "environment", wheel, extra)
    assert extra == "all" or f"{extra}" in program.run("--version").stdout
    for promise in PROMISES[extra]:
        promise(program, session)
