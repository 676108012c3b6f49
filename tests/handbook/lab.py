"""A lab as the handbook takes it for granted: a study, rig files, tables, clips, a node's disk."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from acquire.node.pairing.known import KnownNode
from acquire.rig.simulated import SIMULATED_RIG
from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, write_study
from recordings import open_session
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.frame_times import frame_times
from recordings.annotation.model import Event, Span
from recordings.annotation.store import CodingStore
from recordings.export.coding import export_events
from recordings.manifest import Manifest
from tests.acquire.node.kept_session import kept_on_node, wait_for_node
from tests.handbook.page_commands import DOCS, ROOT

SECONDS = 12.0
CODERS = ("anna", "ben")
RIG = """\
[rig]
name = "face-lab"
data_dir = "recorded"
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 96
rate_hz = 30
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 4
rate_hz = 250
"""
PROTOCOL = """\
[protocol]
name = "short"
[[stimulus]]
name = "joy"
generate = { duration_s = 1 }
[[stimulus]]
name = "fear"
generate = { duration_s = 1 }
[[block]]
name = "clips"
stimuli = ["*"]
order = "fixed"
[[block.step]]
kind = "clip"
"""


@dataclass(frozen=True, slots=True)
class Lab:
    """Where things are, from the folder that the commands are called in."""

    session: str
    kept_session: str

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """What the words of the pages stand for, by command; "" is for all of them."""
        return {
            "": {
                "SESSION": self.session,
                "PATH": self.session,
                "STUDY": "data/simulated",
                "DIR": "data/simulated",
                "DATA_DIR": "data",
                "CODER": "anna",
                "PARTICIPANT": "01",
                "RIG.toml": "rig.toml",
                "FILE": "file",
                "NAME": "face",
                "ADDRESS": "127.0.0.1",
                "INTERFACE": "127.0.0.1",
                "N": "2",
                "S": "1",
                "T": "rest",
                "FILE.xdf": "bare.xdf",
                "STEP": "check",
                "buttons": "protocol",
                "/data": "node-data",
                "/media/disk": "disk/node-data",
            },
            "replay": {"FILE": self.session, "NAME": "eeg"},
            "rig check": {"FILE": "rig.toml"},
            "daemon": {"FILE": "token.txt"},
            "study status": {"FILE": "page.html"},
            "stimulus": {"FILE": "my.toml"},
            "review": {"NAME": "casme2"},
            "coding import": {"FILE": "anna.eaf"},
            "coding import FILE SESSION --as CODER --form samm": {"FILE": "anna.csv"},
            "coding export": {"FILE": "other.eaf"},
            "collect SESSION --from": {"SESSION": self.kept_session},
            "collect SESSION --give-up": {"SESSION": self.kept_session},
        }


def furnish(folder: Path) -> Lab:
    """Make the lab in an empty folder."""
    (folder / "home").mkdir()
    order = StudyOrder(
        folder / "data", 2, seconds=SECONDS, film=Film(320, 96, 40.0), jobs=1, coders=2
    )
    write_study(order)
    session, other = sorted((folder / "data" / "simulated").glob("sub-*/ses-*/*"))
    _as_participant_seven(other)
    (plan,) = re.findall(r"```toml\n(.*?)```", (DOCS / "coding.md").read_text(), re.DOTALL)
    (session.parents[2] / "coding.toml").write_text(plan)
    for coder in CODERS:
        _code(session, coder)
    with open_session(session) as opened:
        export_events(opened, folder / "anna.eaf", "eaf", "anna", "", None)
        export_events(opened, folder / "anna.csv", "samm", "anna", "", None)
    _write_wearable(folder, session)
    for name, text in (("rig", RIG), ("lab", SIMULATED_RIG.format(seed=1)), ("my", PROTOCOL)):
        (folder / f"{name}.toml").write_text(text)
    shutil.copy(session / "recording.xdf", folder / "bare.xdf")
    (folder / "clips").mkdir()
    for name in ("joy", "fear"):
        Image.new("RGB", (64, 48)).save(folder / "clips" / f"{name}.png")
    (folder / "token.txt").write_text("0123456789abcdef")
    (folder / "disk").mkdir()
    kept, _ = kept_on_node(folder / "disk", 1)
    node = KnownNode(name="cam-pc", address="127.0.0.1:1", fingerprint="0" * 64, token="none")
    wait_for_node(kept, node, node.address)
    return Lab(str(session.relative_to(folder)), str(kept.relative_to(folder)))


def readme_rig() -> str:
    """The rig file of the README."""
    (rig,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(rig)


def _as_participant_seven(session: Path) -> None:
    """Make a session the second one of another participant, as docs/studies.md names it."""
    text = json.loads((session / "session.json").read_text())
    text |= {"participant": "07", "session": "02"}
    (session / "session.json").write_text(json.dumps(text))
    name = session.name.replace("sub-02_ses-01", "sub-07_ses-02")
    target = session.parents[2] / "sub-07" / "ses-02" / name
    target.parent.mkdir(parents=True)
    shutil.move(session, target)
    shutil.rmtree(session.parents[1])


def _code(session: Path, coder: str) -> None:
    """Have a coder find one expression in the half that was looked at."""
    with open_session(session) as opened:
        frames = frame_times(opened.cameras["face"])
    onset, apex, offset = (frames.moment(frame) for frame in (80, 84, 92))
    found = Event(id="e1", camera="face", onset=onset, apex=apex, offset=offset, kind="micro")
    with CodingStore(annotations_folder(session), Who(coder), scheme="mmme") as store:
        store.put("events", found)
        store.put("looked", Span(id="s", camera="face", first=0, last=len(frames) // 2))
    (annotations_folder(session) / f"{coder}.lock").unlink()  # tells that somebody codes


def _write_wearable(folder: Path, session: Path) -> None:
    """Write what a wearable on the same wrist stored, and what its button marked."""
    with open_session(session) as opened:
        times = np.array([m.time for m in opened.markers("protocol")])
    pair = Manifest.load(session).clock[0]
    unix = np.datetime64(pair.utc.rstrip("Z")).astype("datetime64[us]").astype(float) / 1e6
    tags = unix + times - pair.lsl
    (folder / "tags.csv").write_text("".join(f"{tag:.3f}\n" for tag in tags))
    rows = "".join(f"{k / 64:.4f}\n" for k in range(round(SECONDS * 64)))
    (folder / "EDA.csv").write_text(f"{unix:.6f}\n64.0\n{rows}")
