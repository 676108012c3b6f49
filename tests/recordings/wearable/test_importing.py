"""What a wearable stored is a stream of the session: read, checked, exported, repaired."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from acquire.cli.sessions.recordings import app
from recordings.arrays import F64Array
from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.export.staging import run_task
from recordings.export.tables import Settings
from recordings.manifest import Manifest, State
from recordings.read.session import open_session
from recordings.repair.session import repair_session
from recordings.wearable.alignment import CLOCK_ERROR_S
from recordings.wearable.importing import Order, import_recording
from tests.recordings.simulated_session import START, Plan, make_session

SECONDS, RATE_HZ, FAST_S = 20.0, 64.0, 2.5
"""The wearable's clock is so much fast."""
UNIX = datetime.fromisoformat("2026-11-20T10:00:00+00:00").timestamp()


def unix(times: F64Array) -> F64Array:
    """What the wearable's clock says of LSL times."""
    return UNIX + FAST_S + (times - START)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path / "data", Plan(seconds=SECONDS))


@pytest.fixture
def eda(tmp_path: Path) -> Path:
    """A ramp of 1 a second, from two seconds before the recording to one after its end."""
    count = round((SECONDS + 3) * RATE_HZ)
    start = float(unix(np.array([START - 2.0]))[0])
    rows = "".join(f"{k / RATE_HZ - 2.0:.6f}\n" for k in range(count))
    path = tmp_path / "EDA.csv"
    path.write_text(f"{start:.6f}\n{RATE_HZ}\n{rows}")
    return path


@pytest.fixture
def tags(tmp_path: Path, session: Path) -> Path:
    """The stimuli, as somebody who pressed the wearable's button with each has marked them."""
    with open_session(session) as opened:
        times = np.array([m.time for m in opened.markers()])
    path = tmp_path / "tags.csv"
    path.write_text("".join(f"{time:.3f}\n" for time in unix(times)))
    return path


def test_by_events_each_sample_is_where_it_was(session: Path, eda: Path, tags: Path) -> None:
    done = import_recording(Order(eda, session, "events", events=tags))
    how = done.entry.alignment
    assert how is not None
    assert (how.by, how.source) == ("events", "EDA.csv")
    assert how.events >= 5
    assert how.error_s < 5e-3
    with open_session(session) as opened:
        times, values = opened["EDA"].read(START + 5, START + 6)
        raw = opened["EDA"].times(stamps="raw")
    assert len(times) == RATE_HZ
    assert np.abs(values[:, 0] - (times - START)).max() < 5e-3
    assert raw[0] == pytest.approx(unix(np.array([START - 2.0]))[0])


def test_by_the_clock_the_error_is_said(session: Path, eda: Path) -> None:
    import_recording(Order(eda, session, "clock", name="wrist"))
    with open_session(session) as opened:
        times, values = opened["wrist"].read(START + 10, START + 11)
    assert np.abs(values[:, 0] - (times - START) + FAST_S).max() < 5e-3
    report = check(session)
    (aligned,) = (f for f in report.findings if f.code == "aligned")
    assert "within 1 s" in aligned.text
    pairs = [p for p in report.pairs if "wrist" in (p.a, p.b)]
    assert pairs
    assert all(p.axes_ms >= 1e3 * CLOCK_ERROR_S for p in pairs)
    before = [p for p in report.pairs if "wrist" not in (p.a, p.b)]
    assert all(p.axes_ms < 10 for p in before)


def test_it_is_a_file_of_the_session(session: Path, eda: Path) -> None:
    done = import_recording(Order(eda, session, "clock"))
    manifest = Manifest.load(session)
    assert any(f.path == done.file.name == "EDA.stored.xdf" and f.sha256 for f in manifest.files)
    assert manifest.events[-1].code == "imported-recording"
    done.file.write_bytes(done.file.read_bytes()[:-1000])
    report = check(session)
    assert report.verdict is Verdict.FAIL
    assert any(f.subject == done.file.name for f in report.findings if f.level == "fail")
    done.file.unlink()
    assert check(session).verdict is Verdict.FAIL


def test_intervals_between_beats_are_a_stream_without_a_rate(session: Path, tmp_path: Path) -> None:
    beats = np.cumsum([1.0, 0.75, 0.8, 0.85, 6.0, 0.9])  # in the midst some were not found
    path = tmp_path / "IBI.csv"
    start = float(unix(np.array([START]))[0])
    rows = "".join(f"{beat:.6f},{0.1 * n + 0.5:.6f}\n" for n, beat in enumerate(beats))
    path.write_text(f"{start:.6f}, IBI\n{rows}")
    import_recording(Order(path, session, "clock"))
    with open_session(session) as opened:
        times, values = opened["IBI"].read()
    assert times - START - FAST_S == pytest.approx(beats, abs=1e-3)
    assert values[:, 0] == pytest.approx(0.5 + 0.1 * np.arange(6))
    report = check(session)
    assert {f.code for f in report.findings if f.subject == "IBI"} == {"aligned"}
    (entry,) = (s for s in report.streams if s.name == "IBI")
    assert (entry.type, entry.rate_hz, entry.lost) == ("RR", 0.0, 0)


def test_exports_and_repair_take_it_along(session: Path, eda: Path, tmp_path: Path) -> None:
    import_recording(Order(eda, session, "clock"))
    run_task("csv", session, tmp_path / "csv", Settings())
    (table,) = (tmp_path / "csv").glob("*_EDA.csv")
    assert len(table.read_text().splitlines()) > SECONDS * RATE_HZ
    repair_session(session, tmp_path / "repaired")
    with open_session(tmp_path / "repaired") as opened:
        assert len(opened["EDA"]) == round((SECONDS + 3) * RATE_HZ)


def test_a_column_of_the_table_can_mark_the_events(session: Path, tmp_path: Path) -> None:
    with open_session(session) as opened:
        markers = np.array([m.time for m in opened.markers()])
    times = START + np.arange(0, SECONDS, 1 / RATE_HZ)
    pressed = np.zeros(len(times), int)
    pressed[np.searchsorted(times, markers)] = 1
    rows = "".join(
        f"{1e3 * t:.4f}\t{v:.4f}\t{p}\n"
        for t, v, p in zip(unix(times), times - START, pressed, strict=True)
    )
    path = tmp_path / "shimmer.csv"
    path.write_text("Timestamp_Unix_CAL\tGSR_CAL\tEvent\nms\tuS\tno_units\n" + rows)
    done = import_recording(Order(path, session, "events", event_column="Event"))
    assert done.entry.rate_hz == RATE_HZ
    with open_session(session) as opened:
        at, values = opened["shimmer"].read(START + 5, START + 6, channels="GSR_CAL")
    assert np.abs(values[:, 0] - (at - START)).max() < 1.5 / RATE_HZ


def test_nothing_is_left_behind_where_it_cannot_be_done(session: Path, eda: Path) -> None:
    before = sorted(session.rglob("*")), Manifest.load(session)
    orders = {
        "name a table of their Unix times": Order(eda, session, "events"),
        "no column 'button'": Order(eda, session, "events", event_column="button"),
        "has a stream 'eeg' already": Order(eda, session, "clock", name="eeg"),
        "no file of a session is called so": Order(eda, session, "clock", name="../eda"),
        "there is no such session": Order(eda, session / "none", "clock"),
        "is a bare file": Order(eda, _bare(session), "clock"),
        "cannot be read": Order(session / "none.csv", session, "clock"),
    }
    for words, order in orders.items():
        with pytest.raises(RecordingError, match=words):
            import_recording(order)
    assert (sorted(session.rglob("*")), Manifest.load(session)) == before


def _bare(session: Path) -> Path:
    bare = session.parent.parent / "bare.xdf"
    bare.write_bytes((session / "recording.xdf").read_bytes())
    return bare


def test_a_recording_of_another_day_is_refused(session: Path, tmp_path: Path) -> None:
    path = tmp_path / "EDA.csv"
    path.write_text(f"{UNIX + 86_400}\n4\n" + "1\n" * 100)
    with pytest.raises(RecordingError, match=r"none of it lies within the session: it is 86,3"):
        import_recording(Order(path, session, "clock"))


def test_a_session_that_is_not_closed_is_refused(session: Path, eda: Path) -> None:
    manifest = Manifest.load(session)
    manifest.model_copy(update={"state": State.RECORDING}).save(session)
    with pytest.raises(RecordingError, match="is not closed yet"):
        import_recording(Order(eda, session, "clock"))


def test_what_was_there_is_never_overwritten(session: Path, eda: Path) -> None:
    (session / "EDA.stored.xdf").write_bytes(b"somebody's")
    with pytest.raises(RecordingError, match="give this one another --name"):
        import_recording(Order(eda, session, "clock"))
    assert (session / "EDA.stored.xdf").read_bytes() == b"somebody's"


def test_the_command_says_how_sure_it_is(session: Path, eda: Path, tags: Path) -> None:
    arguments = ["import", "recording", str(eda), "--into", str(session)]
    result = CliRunner().invoke(app, [*arguments, "--align", "events", "--events", str(tags)])
    assert result.exit_code == 0, result.output
    assert "aligned by events to within 0.00" in result.output
    result = CliRunner().invoke(app, [*arguments, "--align", "guess"])
    assert result.exit_code == 2
    assert "neither clock nor events" in result.output


@pytest.mark.parametrize("name", ["数据.csv", "a" * 140 + ".csv"])
def test_a_file_name_that_is_no_streams_asks_for_another(
    session: Path, eda: Path, name: str
) -> None:
    file = eda.rename(eda.with_name(name))
    with pytest.raises(RecordingError, match=r"no file of a session is called so.*another --name"):
        import_recording(Order(file, session, "clock"))
    assert import_recording(Order(file, session, "clock", name="wrist")).entry.name == "wrist"
