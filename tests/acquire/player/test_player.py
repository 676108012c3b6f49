"""The headless player as a process: markers, ratings and orders, alone and in a recording."""

from __future__ import annotations

import csv
import json
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from acquire.errors import AcquireError, ControlError
from acquire.lsl.clock import local_clock
from acquire.player.keeping import Keeping
from acquire.player.link import PlayerLink
from acquire.player.marks import ENDINGS, PlayState
from acquire.player.messages import Loaded, Marked, Opens, PlayOrder
from acquire.player.participant import SimulatedParticipant
from acquire.player.player import Player
from acquire.player.run import Run
from acquire.protocol.file import load_protocol
from acquire.protocol.planner import make_plan
from recordings.certificate import Report
from recordings.manifest import Manifest
from tests.acquire.player_programs import PROTOCOL, Heard
from tests.acquire.program import (
    TIMEOUT_S,
    Result,
    Unisono,
    event_codes,
    events_of,
    load,
    module_of,
    unique,
    unisono,
    wait_for,
    write_rig,
)
from tests.devices.wire import wire


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("player")


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    path = folder / "short.toml"
    path.write_text(PROTOCOL)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


# In a recording.


RIG = """
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 1
[[device]]
name = "box"
driver = "trigger-out-serial"
port = "{port}"
source = "protocol"
"""


@dataclass(frozen=True)
class Recorded:
    result: Result
    sent: bytes  # what came out of the trigger box

    @property
    def session(self) -> Path:
        return self.result.session


@pytest.fixture(scope="module")
def recorded(folder: Path, file: Path) -> Iterator[Recorded]:
    with wire() as line:
        result = unisono(
            *("record", write_rig(folder, RIG.format(port=line.path)), "--protocol", file),
            *("--simulate", "--headless", "--participant", "03", "--json"),
            *("--data-dir", folder / "data"),
            folder=folder,
        )
        yield Recorded(result, line.received())


@pytest.fixture(scope="module")
def markers(recorded: Recorded) -> list[tuple[float, dict[str, Any]]]:
    stream = load(recorded.session / "recording.xdf")["protocol"]
    texts = (json.loads(text) for text in stream.strings)
    return list(zip(stream.stamps.tolist(), texts, strict=True))


def test_the_recording_ends_with_the_protocol(recorded: Recorded) -> None:
    result = recorded.result
    report = Report.model_validate_json((recorded.session / "report.json").read_text())
    warned = {finding.code for finding in report.findings if finding.level != "info"}
    assert warned <= {"onset-late", "codes-late"}, result.stdout  # of a computer that is busy
    assert result.code == (1 if warned else 0), result.stderr
    assert result.json["state"] == "complete"
    assert result.json["verdict"] == ("WARN" if warned else "PASS"), result.stdout
    assert "protocol short: 2 trials" in result.stderr


def test_markers_come_in_pairs_with_every_code(
    markers: list[tuple[float, dict[str, Any]]], file: Path
) -> None:
    plan = make_plan(load_protocol(file), "03")
    meant = [(t.number, p.step, p.code, p.end_code) for t in plan.trials for p in t.pages]
    onsets = [m for _, m in markers if m["event"] == "onset"]
    ends = [m for _, m in markers if m["event"] == "end"]
    found = [
        (on["trial"], on["step"], on["code"], end["code"])
        for on, end in zip(onsets, ends, strict=True)
    ]
    assert found == meant
    assert [(m["trial"], m["step"]) for m in ends] == [(m["trial"], m["step"]) for m in onsets]
    for stamp, marker in markers:
        assert marker["event"] == "answer" or marker["presented"] == stamp
    categories = {m["stimulus"]: m.get("category") for m in onsets}
    assert categories == {"a": "x", "b": "y", None: None}


def test_every_code_goes_to_the_trigger_box(
    recorded: Recorded, markers: list[tuple[float, dict[str, Any]]]
) -> None:
    codes = [m["code"] for _, m in markers if m["code"]]
    assert sorted(codes) == [20, 20, 100, 100, 101, 102]
    assert [code for code in recorded.sent if code] == codes
    lag = load(recorded.session / "recording.xdf")["box"]
    assert lag.data[:, 0].tolist() == codes


def test_markers_are_frames_of_the_presentation_log(
    recorded: Recorded, markers: list[tuple[float, dict[str, Any]]]
) -> None:
    log = load(recorded.session / "recording.xdf")["protocol-frames"]
    presented = dict(zip(log.data[:, 0].tolist(), log.data[:, 2].tolist(), strict=True))
    assert sorted(presented) == list(range(int(min(presented)), int(max(presented)) + 1))
    for stamp, marker in markers:
        if marker["event"] != "answer":
            assert presented[marker["frame"]] == stamp


def test_answers_equal_ratings_tsv(
    recorded: Recorded, markers: list[tuple[float, dict[str, Any]]]
) -> None:
    answers = [(stamp, m) for stamp, m in markers if m["event"] == "answer"]
    assert [m["item"] for _, m in answers] == ["valence", "why"] * 2
    table = rows(recorded.session / "ratings.tsv")
    assert len(table) == len(answers)
    for row, (stamp, marker) in zip(table, answers, strict=True):
        assert float(row["time"]) == stamp
        assert row["value"] == str(marker["value"])
        assert float(row["rt_s"]) == marker["rt_s"]
        assert (row["stimulus"], row["step"]) == (marker["stimulus"], marker["step"])
        onset = next(
            t
            for t, m in markers
            if (m["event"], m["trial"], m["step"]) == ("onset", marker["trial"], marker["step"])
        )
        assert stamp - onset == pytest.approx(marker["rt_s"], abs=1e-5)


def test_the_session_holds_what_was_played(recorded: Recorded, file: Path) -> None:
    manifest = Manifest.load(recorded.session)
    assert {"ratings.tsv", "protocol.json"} <= {f.path for f in manifest.files if f.sha256}
    played = json.loads((recorded.session / "protocol.json").read_text())
    assert played["text"] == PROTOCOL
    assert played["plan"] == json.loads(json.dumps(make_plan(load_protocol(file), "03").as_dict()))


# Orders, and what goes wrong.

RUNNING = PlayState.RUNNING
CLIP_S = 3.0
"""A clip is still on when an order comes that a busy computer gives late."""


@pytest.fixture
def player(folder: Path) -> Iterator[Heard]:
    path = folder / "slow.toml"
    path.write_text(PROTOCOL.replace("duration_s = 0.6", f"duration_s = {CLIP_S}"))
    heard = Heard(PlayOrder(str(path), "03", headless=True))
    yield heard
    heard.link.close()


def test_the_operator_pauses_skips_repeats_and_aborts(player: Heard) -> None:
    link = player.link
    with pytest.raises(ControlError, match="cannot pause: the protocol is loaded"):
        link.command("pause")
    before = local_clock()
    link.command("start")
    onset = player.wait_for(event="onset", step="clip", trial=1)
    assert onset.time > before
    link.command("pause")
    paused = player.wait_for(event="pause")
    wait_for(lambda: local_clock() > paused.time + CLIP_S)  # by its own clock it would be over
    link.command("resume")
    resumed = player.wait_for(event="resume")
    end = player.wait_for(event="end", step="clip", trial=1)
    shown = end.time - onset.time - (resumed.time - paused.time)
    assert shown > CLIP_S / 2, "its clock stood still meanwhile"
    assert end.fields["code"] == 100
    player.wait_for(event="onset", step="rating.valence")
    link.command("answer", {"value": 7})
    assert player.wait_for(event="answer").fields["value"] == 7
    player.wait_for(event="onset", step="rating.why")
    with pytest.raises(ControlError, match="7 is no answer; a text of at most 2000"):
        link.command("answer", {"value": 7})
    link.command("repeat")
    assert player.wait_for(event="repeat").fields["step"] == "rating.why"
    player.wait_for(event="onset", step="clip", attempt=2)
    link.command("skip")
    assert player.wait_for(event="skip", step="clip").fields["code"] == 100
    player.wait_for(event="onset", step="clip", trial=2)
    link.command("key", {"name": "escape", "via": "window"})  # not pressed at the screen
    link.command("key", {"name": "escape"})  # the participant's own way out
    stopped = player.wait_for(event="abort")
    assert (stopped.fields["by"], stopped.fields["code"]) == ("participant", 100)
    wait_for(lambda: link.is_over)
    with pytest.raises(ControlError, match="cannot skip: the protocol is aborted"):
        link.command("skip")
    counts = Counter(m.fields["event"] for m in player.marks)
    assert counts["onset"] == sum(counts[e] for e in ("end", "skip", "repeat", "abort"))


def kill_player() -> None:
    (victim,) = [p for p in psutil.Process().children() if module_of(p) == "acquire.player.host"]
    victim.kill()


def test_wherever_a_player_dies_the_page_that_is_open_was_told() -> None:
    """Nothing but what was told before the death is known: it closes each onset exactly once."""
    told: list[Any] = []
    run = Run(make_plan(load_protocol("demo"), "01"))
    player = Player(run, told.append, participant=SimulatedParticipant(1))
    run.start(0.0)
    for frame in range(60 * 40):
        player.swapped(player.picture(frame / 60), frame / 60, frame / 60)
    player.close()
    balance = 0
    marks = [message for message in told if isinstance(message, Marked)]
    for mark in marks:
        balance += mark.fields["event"] == "onset"
        balance -= mark.fields["event"] in ENDINGS
        assert balance == (mark.on is not None), mark
        assert mark.on is None or mark.on.trial == mark.fields["trial"]
    assert sum(mark.fields["event"] == "end" for mark in marks) > 4


def test_whenever_a_player_dies_no_onset_is_left_open() -> None:
    """Markers and notices as they leave it: wherever they are cut, what is on is known."""
    left: list[Any] = []
    run = Run(make_plan(load_protocol("demo"), "01"))
    player = Player(run, left.append, participant=SimulatedParticipant(1))
    player._markers.tap = lambda stamps, rows: left.append(json.loads(rows[0][0]))
    run.start(0.0)
    for frame in range(60 * 40):
        player.swapped(player.picture(frame / 60), frame / 60, frame / 60)
    player.close()
    recorded: str | None = None
    known: str | None = None
    for one in left:
        match one:
            case {"event": "onset", "step": str(step)}:
                recorded = step
            case {"event": event} if event in ENDINGS:
                recorded = None
            case Opens(page):
                known = page.step
            case Marked(on=on):
                known = on.step if on is not None else None
        assert recorded is None or known == recorded, one
    assert sum(isinstance(one, Opens) for one in left) > 4


def test_what_a_player_has_gathered_is_published_when_a_recording_ends() -> None:
    """A quarter of a second of frames waited in it; on a busy computer they came too late."""
    run = Run(make_plan(load_protocol("demo"), "01"))
    player = Player(run, lambda message: None)
    pushed: list[float] = []
    player._log.tap = lambda stamps, rows: pushed.extend(stamps.tolist())
    run.start(0.0)
    for frame in range(20):
        player.swapped(player.picture(frame / 60), frame / 60, frame / 60)
    ends = player.flush()
    assert pushed == pytest.approx([frame / 60 for frame in range(20)])
    assert ends[player.uids["protocol-frames"]] == pytest.approx(19 / 60)
    assert player.flush() == ends
    player.close()


def test_the_light_is_told_to_be_dark_before_the_first_onset() -> None:
    """A player that was killed, or ended lit, left it so: the next first onset had no flash."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as light:
        light.bind(("127.0.0.1", 0))
        light.settimeout(TIMEOUT_S)
        run = Run(make_plan(load_protocol("demo"), "01"))
        player = Player(run, lambda message: None, light_port=light.getsockname()[1])
        run.start(0.0)
        player.swapped(player.picture(0.0), 0.0, 5.0)
        player.close()
        told = [light.recv(64).split() for _ in range(2)]
    assert [state for _, state in told] == [b"0", b"1"]
    assert float(told[1][0]) == 5.0


def test_a_session_keeps_every_protocol_that_was_loaded(tmp_path: Path) -> None:
    """Practice, then the main part: of the practice neither order nor file was left."""
    keeping = Keeping(lambda time: [tmp_path], lambda *told: pytest.fail(str(told)))
    practice = Loaded("practice", "", "p", "", {"trials": []}, 1.0, 0)
    keeping.write_to_all(practice, 1.25)
    keeping.write_to_all(practice, 1.25)  # once more, as the player died
    keeping.write_to_all(replace(practice, protocol="main", sha256="m"), 2.5)
    keeping.write_to_all(replace(practice, protocol="last", sha256="l"), 3.5)
    last = json.loads((tmp_path / "protocol.json").read_text())
    loaded = [*last["before"], last]
    assert [(one["protocol"], one["loaded_at"]) for one in loaded] == [
        ("practice", 1.25),
        ("main", 2.5),
        ("last", 3.5),
    ]


def killed_in_the_first_clip(player: Heard) -> PlayerLink:
    link = player.link
    link.command("start")
    player.wait_for(event="onset", step="clip", trial=1)
    wait_for(lambda: link.snapshot and link.snapshot.on)
    kill_player()
    wait_for(lambda: "player-died" in player.codes)
    return link


def test_a_crash_is_told_and_the_next_trial_comes(player: Heard) -> None:
    link = killed_in_the_first_clip(player)
    assert "resume" in dict(player.events)["player-died"]
    with pytest.raises(ControlError, match="cannot skip: the player died; resume"):
        link.command("skip")
    link.command("resume")
    closed = player.wait_for(event="abort")
    assert (closed.fields["by"], closed.fields["code"]) == ("crash", 100)
    assert (closed.fields["trial"], closed.fields["step"]) == (1, "clip")
    player.wait_for(event="onset", step="fixation", trial=2)
    # Its status is told after its marker.
    wait_for(lambda: (now := link.snapshot) and now.status and now.status.state is RUNNING)
    link.abort()
    wait_for(lambda: link.is_over)


def test_a_player_that_died_in_a_trial_does_not_begin_it_again(player: Heard) -> None:
    """Its last status may be older than the last onset that it told of."""
    link = killed_in_the_first_clip(player)
    assert link._status
    link._status = replace(link._status, next_trial=1)
    link.command("resume")
    player.wait_for(event="onset", step="fixation", trial=2)
    assert len(player.seen(event="onset", step="fixation", trial=1)) == 1


def test_a_protocol_goes_on_where_another_recording_ended(folder: Path, file: Path) -> None:
    """As after a crash of the computer, in the middle of it: the order is the same."""
    with pytest.raises(AcquireError, match="has no trial 3; they are 1 to 2"):
        Heard(PlayOrder(str(file), "03", headless=True, first_trial=3))
    player = Heard(PlayOrder(str(file), "03", headless=True, simulate=True, first_trial=2))
    try:
        player.link.command("start")
        player.wait_over()
        assert {m.fields["trial"] for m in player.marks} == {2}
        stimulus = make_plan(load_protocol(file), "03").trials[1].stimulus
        (clip,) = player.seen(event="onset", step="clip")
        assert stimulus
        assert clip.fields["stimulus"] == stimulus.name
        player.link.write_protocol(folder)
        assert json.loads((folder / "protocol.json").read_text())["first_trial"] == 2
    finally:
        player.link.close()


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        (PROTOCOL.replace("generate = { duration_s = 0.6 }", 'file = "no.mp4"'), "is not there"),
        (PROTOCOL.replace("code = 102", "code = 101"), "code 101 means both"),
    ],
)
def test_what_cannot_be_played_is_said_before_the_start(
    tmp_path: Path, protocol: str, said: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(protocol)
    result = unisono("stimulus", path, "--headless", "--simulate", folder=tmp_path)
    assert result.code == 2
    assert said in result.error
    assert result.error.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_ctrl_c_aborts_in_good_order(tmp_path: Path, file: Path) -> None:
    with Unisono("stimulus", file, "--headless", "--json", folder=tmp_path) as program:
        wait_for(lambda: any(module_of(p) == "acquire.player.host" for p in program.tree()))
        program.ctrl_c()
        result = program.wait()
    assert result.code == 3, result.stderr


# The first trial waits for whoever kills the player in it, with all it has published recorded.
RESTS = b'"event": "onset", "trial": 1, "step": "rest"'
LONG_REST = PROTOCOL.replace('["*"]', '["a"]').replace(
    'kind = "rest"\nduration_s = 0.2', 'kind = "rest"\nduration_s = 200'
)
LAST_TRIAL = """
[[block]]
name = "last"
stimuli = ["b"]
[[block.step]]
kind = "clip"
end_code = 100
[[block.step]]
kind = "rating"
scales = ["valence"]
"""


def test_a_recording_goes_on_when_the_player_dies(tmp_path: Path) -> None:
    name = unique("eeg")
    file = tmp_path / "two.toml"
    file.write_text(LONG_REST + LAST_TRIAL)
    rig = write_rig(tmp_path, f'[[device]]\nname = "{name}"\ndriver = "simulated-eeg"\n')
    arguments = ("record", rig, "--protocol", file, "--simulate", "--headless", "--json")
    with Unisono(*arguments, "--data-dir", tmp_path / "d", folder=tmp_path) as program:
        wait_for(lambda: any(RESTS in x.read_bytes() for x in tmp_path.rglob("recording.xdf")))

        def players() -> list[psutil.Process]:
            return [p for p in program.tree() if module_of(p) == "acquire.player.host"]

        (player,) = players()
        player.kill()
        result = program.wait()
    session = result.session
    assert "player-died" in event_codes(session, "protocol"), events_of(session)
    assert "player-back" in event_codes(session, "protocol")
    texts = [json.loads(t) for t in load(session / "recording.xdf")["protocol"].strings]
    counts = Counter(m["event"] for m in texts)
    assert counts["onset"] == counts["end"] + counts["abort"]
    assert counts["abort"] == 1
    assert len(rows(session / "ratings.tsv")) == counts["answer"]
    assert {m["trial"] for m in texts if m["event"] == "end"} == {1, 2}
    assert result.code == 1  # an alarm


def test_a_stand_in_for_the_player_is_refused_beside_it(tmp_path: Path, file: Path) -> None:
    rig = write_rig(tmp_path, '[[device]]\nname = "protocol"\ndriver = "simulated-markers"\n')
    result = unisono("record", rig, "--protocol", file, "--headless", folder=tmp_path)
    assert result.code == 2
    assert "rename the device, or leave it out" in result.error
    alone = unisono("record", rig, "--simulate", folder=tmp_path)
    assert alone.code == 2
    assert "need --protocol" in alone.error
