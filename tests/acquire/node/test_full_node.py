"""A node's disk is full: what is stored there ends in good order, and all else goes on."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from acquire.errors import ControlError
from recordings import open_session
from recordings.certificate import Verdict
from recordings.check.examination import examine
from recordings.manifest import Manifest, State
from recordings.report.html import render
from recordings.stream_kinds import Fate
from recordings.video.reader import count_packets
from tests.acquire.node.engine_with_node import (
    LABELS,
    LOOPBACK,
    Running,
    begin,
    engine_of,
    pair,
    wait_ready,
    write_rig,
)
from tests.acquire.node.node_program import Node
from tests.acquire.program import TIMEOUT_S, unisono, wait_for
from tests.acquire.small_disk import disk, fill

SIZE = 400 << 20


def samples(running: Running, stem: str) -> int:
    take = running.engine.takes.running
    assert take is not None, "the recording has ended"
    return sum(s.samples for s in take.xdf.streams.values() if s.device == running.name(stem))


def stored(running: Running) -> int:
    """Count the frames that are in the files of the recording that runs."""
    take = running.engine.takes.running
    assert take is not None, "the recording has ended"
    return sum(s.fates.get(Fate.STORED, 0) for s in take.xdf.streams.values())


def begin_and_fill_up(running: Running, small: Path, leave: int) -> None:
    """Record, until the engine has heard that the node's disk is full."""
    begin(running)
    fill(small, leave)
    wait_for(lambda: "node-full" in running.codes(), what="node-full")


def findings(session: Path) -> tuple[Verdict, dict[str, set[str]]]:
    """Give a session's verdict, and which subjects each code of its findings has."""
    with contextlib.closing(examine(session)) as examination:
        report = examination.report
    subjects: dict[str, set[str]] = {}
    for finding in report.findings:
        subjects.setdefault(finding.code, set()).add(finding.subject)
    return report.verdict, subjects


def test_a_split_goes_on_without_what_would_be_stored_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    # A camera that is not ready in a second is left out: not what is looked at here.
    monkeypatch.setattr("acquire.engine.takes.ARM_FOR_SPLIT_S", TIMEOUT_S)
    with (
        disk(tmp_path, SIZE) as small,
        Node(tmp_path, "--pair", *LOOPBACK, data_dir=small) as node,
    ):
        rig = write_rig(tmp_path, pair(node.ready()), node.address)
        with engine_of(rig) as running:
            face = running.name("face")
            begin_and_fill_up(running, small, 0)
            first, _ = running.engine.split(running.data_dir, LABELS)
            told = [e.text for e in running.events if e.code == "video-failed"]
            assert any(face in text and "the node's disk is full" in text for text in told), told
            for stem in ("here", "eeg", "face"):  # rows of the camera, too: it runs on
                wait_for(lambda: samples(running, stem) > 100, what=stem)  # noqa: B023
            (small / "filler").unlink()
            second, _ = running.engine.split(running.data_dir, LABELS)
            for stem in ("here", "eeg"):
                wait_for(lambda: samples(running, stem) > 100, what=stem)  # noqa: B023
            wait_for(lambda: stored(running) > 50, what="frames")
            third = running.engine.stop()
            outcomes = [first.result(60), second.result(60), third]
            wait_ready(running.rig)
            for outcome in outcomes:
                assert outcome.state is State.COMPLETE, outcome.error
                wait_for(lambda: not Manifest.load(outcome.path).hashing, what="hashes")  # noqa: B023
        assert unisono("collect", tmp_path / "data", folder=tmp_path).code == 0
    folders = [outcome.path for outcome in outcomes]
    full, without, again = (Manifest.load(folder) for folder in folders)
    assert full.videos[0].fates[Fate.STORED] > 0
    assert (without.videos, without.pending) == ((), ())
    assert again.videos[0].frames > 50
    verdict, found = findings(folders[1])
    assert (verdict, found["no-file"]) == (Verdict.FAIL, {face})
    for folder in (folders[0], folders[2]):
        verdict, found = findings(folder)
        assert "no-file" not in found
        assert verdict is not Verdict.FAIL, found
    for before, after in itertools.pairwise(folders):  # no sample is in none of them, or in two
        with open_session(before) as one, open_session(after) as other:
            for stem in ("here", "eeg"):
                step = other[running.name(stem)].first - one[running.name(stem)].last
                assert 0 < step < 1.5 / 250


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(0, id="no byte more", marks=pytest.mark.soak),  # as above, without the split
        pytest.param(1 << 20, id="below the floor"),
    ],
)
def test_the_recording_goes_on_without_what_is_stored_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: int
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with (
        disk(tmp_path, SIZE) as small,
        Node(tmp_path, "--pair", *LOOPBACK, data_dir=small) as node,
    ):
        rig = write_rig(tmp_path, pair(node.ready()), node.address)
        with engine_of(rig) as running:
            face = running.name("face")
            begin_and_fill_up(running, small, leave)
            heard = {stem: samples(running, stem) for stem in ("here", "eeg", "face")}
            for stem, count in heard.items():  # rows of the camera, too: it runs on
                wait_for(lambda: samples(running, stem) > count + 100, what=stem)  # noqa: B023
            outcome = running.engine.stop()
            assert outcome.state is State.COMPLETE, outcome.error
            with pytest.raises(ControlError, match=r"the node's disk is full.*release it"):
                running.engine.start(running.data_dir, LABELS)
            (small / "filler").unlink()
            wait_ready(running.rig)
            wait_for(lambda: not Manifest.load(outcome.path).hashing, what="hashes")
        told = next(e for e in running.events if e.code == "node-full")
        assert (told.level, "cam-pc" in told.text or face in told.text) == ("error", True)
        assert unisono("collect", outcome.path, folder=tmp_path).code == 0
    (video,) = Manifest.load(outcome.path).videos
    assert count_packets(outcome.path / video.file) == video.frames == video.fates[Fate.STORED] > 0
    with contextlib.closing(examine(outcome.path)) as examination:
        report, page = examination.report, render(examination)
    assert report.verdict is Verdict.WARN, report.findings
    assert "frames not stored</title>" in page  # a gap of the camera's bar
    assert "frames-not-recording" in {f.code for f in report.findings}
    with open_session(outcome.path) as session:
        for stem in ("here", "eeg"):
            stream = session[running.name(stem)]
            assert stream.pace.lost == 0
            assert stream.last > session.cameras[face].times[-1] + 0.1
