"""A stream that stalls and catches up has lost nothing: while it comes, checked, and exported."""

from __future__ import annotations

from pathlib import Path

import edfio
import numpy as np
import pylsl
import pytest

from recordings import open_session
from recordings.check.examination import check
from recordings.export.edf import export as edf
from recordings.manifest import Manifest
from tests.acquire.program import Result, Unisono, unique, wait_for
from tests.acquire.sources import Source, Sources
from tests.acquire.test_reconnect import counts

NAME, TEXTS = unique("stalls"), unique("texts")
RATE_HZ, STALL_S = 250.0, 3.0


def text_outlet() -> pylsl.StreamOutlet:
    """Make an outlet of texts that announces a rate, as some stimulus programs do."""
    return pylsl.StreamOutlet(pylsl.StreamInfo(TEXTS, "Markers", 1, 1000.0, "string", TEXTS))


@pytest.fixture(scope="module")
def stalled(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("stalled")
    texts = text_outlet()
    with (
        Sources(Source(NAME, type="EEG", on_arrival=True)) as source,
        Unisono(
            *("record", "--streams", f"name='{NAME}'", "--streams", f"name='{TEXTS}'"),
            *("--data-dir", folder, "--participant", "01", "--no-report", "--json"),
            folder=folder,
        ) as program,
    ):
        program.wait_for_line()
        wait_for(texts.have_consumers)
        file = next(folder.rglob("recording.xdf"))
        wait_for(lambda: sum(counts(file, NAME)) > 4 * RATE_HZ)
        texts.push_sample(["a"])
        source.ask("halt")
        until = pylsl.local_clock() + STALL_S
        wait_for(lambda: pylsl.local_clock() > until)
        source.tell("resume")
        before = sum(counts(file, NAME))
        wait_for(lambda: sum(counts(file, NAME)) > before + (STALL_S + 5) * RATE_HZ)
        texts.push_sample(["b"])
        return program.stop()


def test_nothing_is_lost_live_nor_by_the_check(stalled: Result) -> None:
    entry = next(s for s in Manifest.load(stalled.session).streams if s.name == NAME)
    assert (entry.lost, entry.gaps) == (0, ())
    report = check(stalled.session)
    stream = next(s for s in report.streams if s.name == NAME)
    assert (stream.lost, stream.gaps, stream.shows_loss) == (0, (), True)
    with open_session(stalled.session) as session:
        sent = session[NAME].read()[1][:, 0]
        assert np.all(np.diff(sent) == 1)  # as its own counter says
        times = session[NAME].times(stamps="dejittered")
    steps = np.diff(times) * RATE_HZ
    assert np.abs(steps - 1).max() < 0.02  # as if there had been no stall


def test_the_bdf_has_no_zeros_and_is_no_longer_than_the_stream(
    stalled: Result, tmp_path: Path
) -> None:
    with open_session(stalled.session) as session:
        edf.export(session, tmp_path, edf.Settings(streams=(NAME,)))
        count = len(session[NAME])
    written = edfio.read_bdf(next(tmp_path.glob("*.bdf")))
    values = np.rint(written.signals[0].data)
    assert 0 <= len(values) - count < RATE_HZ  # whole records of a second
    assert np.all(np.diff(values[:count]) == 1)


def test_texts_with_a_nominal_rate_raise_no_alarm(stalled: Result) -> None:
    manifest = Manifest.load(stalled.session)
    assert [e.code for e in manifest.events if e.source == TEXTS] == []
    entry = next(s for s in manifest.streams if s.name == TEXTS)
    assert (entry.samples, entry.lost, entry.rate_hz) == (2, 0, 0.0)
    report = check(stalled.session)
    assert not {"lost", "rate"} & {f.code for f in report.findings if f.subject == TEXTS}
