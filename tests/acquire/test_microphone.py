"""A real sound system: a click that is played is in the file where its stamp says."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recordings.manifest import Manifest
from recordings.read.session import open_session
from recordings.stream_kinds import LOST_FATES
from tests.acquire.program import Unisono, unique, wait_for, write_rig

PLAYER = """
import json, sys
import sounddevice as sd
from pylsl import local_clock

RATE, EVERY = 48000, 24000
done = 0
broken = False

def play(out, frames, time, flags):
    global done, broken
    broken = broken or (done > RATE and flags.output_underflow)
    out[:] = 0
    first = -done % EVERY
    if first < frames and done > RATE:
        out[first:first + 3] = 0.9
        # When it is heard, on this clock: PortAudio's own, and how the two lie now.
        at = time.outputBufferDacTime + first / RATE - time.currentTime + local_clock()
        print(json.dumps([at, bool(broken)]), flush=True)
    done += frames

with sd.OutputStream(samplerate=RATE, blocksize=1024, channels=1, latency=0.2, callback=play):
    sys.stdin.readline()
"""
CLICKS = 12
ERROR_S = 1e-3


def _lacking() -> str:
    if sys.platform != "linux" or shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed: no sound system to play into"
    try:
        import sounddevice  # noqa: F401
    except (ImportError, OSError) as error:
        return f"sounddevice cannot be used: {error}"
    return ""


LACKING = _lacking()


@pytest.fixture
def null_sink(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a PulseAudio of its own, with a sink that is heard by nothing but its monitor."""
    socket = tmp_path / "pulse.sock"
    home = {"PULSE_RUNTIME_PATH": str(tmp_path), "PULSE_STATE_PATH": str(tmp_path)}
    command = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--use-pid-file=no",
        "--exit-idle-time=-1",
        "-L",
        "module-null-sink rate=48000",
        "-L",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    with subprocess.Popen(
        command,
        env=os.environ | home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(lambda: socket.exists() or server.poll() is not None, what="PulseAudio")
            assert server.poll() is None
            yield os.environ | home | {"PULSE_SERVER": f"unix:{socket}"}
        finally:
            server.terminate()


@contextlib.contextmanager
def playing(environment: dict[str, str], said: Path) -> Iterator[None]:
    with (
        said.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", PLAYER], env=environment, stdin=subprocess.PIPE, stdout=out
        ) as player,
    ):
        try:
            yield
        finally:
            player.communicate(b"\n")


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_click_is_found_where_it_was_played(
    null_sink: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy computer breaks the player's own times now and then: most clicks decide."""
    monkeypatch.setenv("PULSE_SERVER", null_sink["PULSE_SERVER"])
    voice, said = unique("voice"), tmp_path / "said"
    rig = write_rig(tmp_path, f'[[device]]\nname = "{voice}"\ndriver = "microphone"\n')
    arguments = ("record", rig, "--data-dir", tmp_path / "data", "--json", "--participant", "01")
    with Unisono(*arguments, folder=tmp_path) as program:
        program.wait_for_line()
        with playing(null_sink, said):
            wait_for(lambda: said.read_text().count("\n") >= CLICKS, what="clicks")
        result = program.stop()
    assert result.code in (0, 1), result.stderr
    played = np.array([json.loads(line)[0] for line in said.read_text().splitlines()])
    (entry,) = Manifest.load(result.session).sounds
    assert entry.frames > 200
    with open_session(result.session) as session:
        onsets = session.sounds[f"{voice}-sound"].onsets()
    nearest = onsets[np.abs(onsets[:, None] - played).argmin(axis=0)] - played
    assert np.median(np.abs(nearest)) < ERROR_S, nearest
    if not sum(entry.fates.get(fate, 0) for fate in LOST_FATES):
        assert len(onsets) >= CLICKS - 2
