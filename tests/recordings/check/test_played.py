"""Whether a protocol was played as it was laid out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings.certificate import Finding
from recordings.check.examination import check
from recordings.check.played import played_findings
from recordings.manifest import Manifest
from recordings.read.markers import parse_markers
from tests.recordings.simulated_session import Plan, make_session

STEPS = ["fixation", "clip", "fixation"]


def laid_out(trials: int, **more: Any) -> dict[str, Any]:
    plan = {"trials": [{"trial": n, "steps": STEPS} for n in range(1, trials + 1)]}
    return {"protocol": "films", "plan": plan, **more}


def write(folder: Path, trials: int, **more: Any) -> None:
    (folder / "protocol.json").write_text(json.dumps(laid_out(trials, **more)))


def trial(number: int, *, until: int = 3, by: str = "end", **more: Any) -> list[dict[str, Any]]:
    """The markers of a trial; `until` is how many of its steps come to their end."""
    rows: list[dict[str, Any]] = []
    for place, step in enumerate(STEPS[: until + 1]):
        names = {"trial": number, "step": step, **more}
        rows.append({"event": "onset", **names})
        rows.append({"event": "end" if place < until else by, **names, "by": "operator"})
    return rows


def found(
    folder: Path, *rows: dict[str, Any], manifest: Manifest | None = None
) -> list[tuple[str, str, str]]:
    texts = [[json.dumps(row)] for row in rows]
    markers = parse_markers(np.arange(len(rows), dtype=float), texts)
    said: list[Finding] = list(played_findings(manifest, folder, {"protocol": markers}))
    return [(f.level, f.code, f.text) for f in said]


def test_what_was_played_whole_is_no_finding(tmp_path: Path) -> None:
    write(tmp_path, 2)
    assert found(tmp_path, *trial(1), *trial(2)) == []
    again = trial(1, until=1, by="repeat")
    assert found(tmp_path, *again, *trial(1, attempt=2), *trial(2)) == []


def test_markers_of_another_program_are_no_trials(tmp_path: Path) -> None:
    """A stream may be called so, and say anything."""
    write(tmp_path, 1)
    odd = [{"event": "onset", "trial": value, "attempt": [1]} for value in ([1], "1", 1.5, None)]
    late = trial(1, attempt="second")
    assert found(tmp_path, *odd, *late) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [*trial(1), *trial(2, until=1, by="abort")],
            "4 of 5 trials of films were not played to their end: 2–5 (aborted by operator)",
        ),
        (
            [*trial(1, until=1, by="skip"), *trial(2), *trial(3), *trial(4), *trial(5)],
            "1 of 5 trials of films were not played to their end: 1",
        ),
        (
            [*trial(1)[:2], *trial(1)[4:], *trial(2), *trial(3), *trial(4), *trial(5)],
            "1 of 5 trials of films were not played to their end: 1",  # its clip was left out
        ),
        (
            [*trial(1), *trial(1, until=1, by="repeat", attempt=2), *trial(3)],
            "4 of 5 trials of films were not played to their end: 1–2, 4–5",
        ),
    ],
)
def test_trials_that_were_not_played_to_their_end(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    """One session of the corpus lacks two clips, and nobody was told."""
    write(tmp_path, 5)
    assert found(tmp_path, *rows) == [("warn", "protocol-incomplete", said)]


def test_a_stop_in_the_last_trial_is_no_warning(tmp_path: Path) -> None:
    write(tmp_path, 2)
    ((level, code, _),) = found(tmp_path, *trial(1), *trial(2, until=2, by="nothing"))
    assert (level, code) == ("info", "protocol-incomplete")


def test_trials_that_were_played_before_are_not_asked_for(tmp_path: Path) -> None:
    write(tmp_path, 3, first_trial=2)
    assert found(tmp_path, *trial(2), *trial(3)) == []


def test_a_split_parts_a_protocol_that_is_whole(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    write(folder, 4)
    manifest = Manifest.load(folder)
    before = manifest.model_copy(update={"continued_in": "b"})
    after = manifest.model_copy(update={"continues": "a"})
    assert found(folder, *trial(1), *trial(2, until=1), manifest=before) == []
    rows = [*trial(2)[4:], *trial(3), *trial(4)]
    assert found(folder, *rows, manifest=after) == []


def test_what_a_split_has_not_parted_is_asked_for(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    manifest = Manifest.load(folder)
    assert manifest.lsl_start
    before = manifest.model_copy(update={"continued_in": "b"})
    after = manifest.model_copy(update={"continues": "a"})
    write(folder, 5)
    skipped = trial(1, until=1, by="skip")
    ((_, _, text),) = found(folder, *skipped, *trial(2), *trial(3)[:3], manifest=before)
    assert text == "1 of 2 trials of films were not played to their end: 1"
    rows = [*trial(3)[4:], *trial(4, until=1, by="skip"), *trial(5)]
    ((_, _, text),) = found(folder, *rows, manifest=after)
    assert text == "1 of 2 trials of films were not played to their end: 4"
    write(folder, 2, loaded_at=manifest.lsl_start + 5)  # in this session: nothing is parted
    texts = [[json.dumps(row)] for row in (*skipped, *trial(2))]
    times = np.arange(len(texts), dtype=np.float64) + manifest.lsl_start + 6
    markers = {"protocol": parse_markers(times, texts)}
    (finding,) = played_findings(after, folder, markers)
    assert finding.text == "1 of 2 trials of films were not played to their end: 1"


def test_each_protocol_of_a_recording_is_compared_with_its_own_markers(tmp_path: Path) -> None:
    """Of practice and main protocol, the trials of the one passed for those of the other."""
    practice = laid_out(2, protocol="practice", sha256="p", loaded_at=-1.0, before=[])
    rows = [*trial(1), *trial(2)]
    write(tmp_path, 3, loaded_at=len(rows) - 0.5, before=[practice])
    assert found(tmp_path, *rows, *trial(1), *trial(2), *trial(3)) == []
    skipped = [*rows, *trial(1), *trial(2, until=1, by="skip"), *trial(3)]
    ((_, code, text),) = found(tmp_path, *skipped)
    assert (code, text.split(": ")[-1]) == ("protocol-incomplete", "2")
    write(tmp_path, 2, loaded_at=4.5, before=[practice])
    ((_, code, text),) = found(tmp_path, *rows[:5], *trial(1), *trial(2))
    assert text == "2 of 2 trials of practice were not played to their end: 1–2"


def test_what_was_gone_on_with_in_the_same_recording_is_whole(tmp_path: Path) -> None:
    broken_off = [*trial(1), *trial(2, until=1, by="abort")]
    first = laid_out(3, sha256="a", loaded_at=-1.0, before=[])
    again = {"sha256": "a", "first_trial": 2, "loaded_at": len(broken_off) - 0.5}
    write(tmp_path, 3, **again, before=[first])
    assert found(tmp_path, *broken_off, *trial(2), *trial(3)) == []
    write(tmp_path, 3, **{**again, "first_trial": 3}, before=[first])
    ((_, _, text),) = found(tmp_path, *broken_off, *trial(3))
    assert text.startswith("1 of 2 trials of films were not played to their end: 2 (aborted")


def test_a_protocol_that_was_loaded_and_not_begun(tmp_path: Path) -> None:
    write(tmp_path, 3)
    ((level, code, _),) = found(tmp_path)
    assert (level, code) == ("info", "protocol-not-begun")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": {"trials": [3]}}', '{"plan": 1}'])
def test_an_order_that_nobody_can_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "protocol.json").write_text(text)
    assert found(tmp_path, *trial(1, until=1)) == []


def test_frames_of_clips_that_nobody_saw(tmp_path: Path) -> None:
    def clip(name: str, dropped: int, by: str = "time") -> dict[str, Any]:
        counts = {"frames_shown": 1000 - dropped, "frames_dropped": dropped}
        return {"event": "end", "trial": 1, "step": "clip", "stimulus": name, "by": by, **counts}

    assert found(tmp_path, clip("a", 0)) == []
    ((level, code, text),) = found(tmp_path, clip("a", 1), clip("b", 3))
    assert (level, code) == ("info", "clip-frames-dropped")
    assert text == "4 of 2,000 frames of clips were never shown, most of b: 3"
    assert found(tmp_path, clip("a", 20))[0][0] == "warn"
    said = "1 clips broke off or never came: {}"
    assert ("warn", "clip-broke-off", said.format("a")) in found(tmp_path, clip("a", 500, "error"))
    never = {"event": "skip", "trial": 1, "step": "clip", "stimulus": "b", "by": "error"}
    assert ("warn", "clip-broke-off", said.format("b")) in found(tmp_path, never)


def test_clips_whose_sound_nobody_heard(tmp_path: Path) -> None:
    def clip(name: str, **more: Any) -> dict[str, Any]:
        return {"event": "end", "trial": 1, "step": "clip", "stimulus": name, **more}

    ((level, code, text),) = found(
        tmp_path, clip("a", sound="unheard"), clip("b"), clip("a", sound="unheard")
    )
    assert (level, code) == ("warn", "clip-unheard")
    assert text == "2 clips were played without their sound: a"
    heard = [clip(name, sound_ahead_ms=ms) for name, ms in (("a", -99.0), ("b", 200.0))]
    assert found(tmp_path, *heard) == []
    late = [clip("c", sound_ahead_ms=-101), clip("d", sound_ahead_ms=-471.3)]
    ((level, code, text),) = found(tmp_path, *heard, *late)
    assert (level, code) == ("warn", "clip-sound-late")
    assert text.startswith("of 2 clips the sound was more than 100 ms behind")
    assert text.endswith("most of d: 471 ms")


def test_the_check_of_a_session_says_it(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=2.0))
    write(folder, 2)
    codes = {f.code for f in check(folder).findings}
    assert codes & {"protocol-not-begun", "protocol-incomplete"}
