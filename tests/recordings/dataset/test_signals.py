"""One signal in a window: what is known of all its channels, and since when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.dataset.signals import readers
from recordings.features.windows import Window
from tests.recordings.bare_files import START, Sent, bare

RATE = 100.0
TIMES = np.arange(2000) / RATE


def test_a_sample_is_known_where_all_channels_are(tmp_path: Path) -> None:
    values = np.stack([TIMES, 2 * TIMES], axis=1)
    values[800:1000, 1] = np.nan
    stream = Sent("physio", "Physio", RATE, values, labels=("a", "b"))
    with open_session(bare(tmp_path / "a.xdf", stream)) as session:
        (reader,) = readers(session, {"physio": 20.0}).values()
        cut = reader.read(Window(START + 6.0, START + 12.0, START + 7.0))
    at = cut.times + 7.0
    gone = (at > 7.9) & (at < 10.1)
    assert (cut.mask == ~np.isnan(cut.values[:, 1])).all()
    assert not cut.mask[(at >= 8) & (at < 10)].any()
    assert cut.mask[~gone & (at > 6) & (at < 7.6)].all()
    assert cut.values[:, 0] == pytest.approx(at, abs=1e-3), "the other channel is told all along"
    assert cut.times[0] == -1.0


@pytest.mark.parametrize("hole", [1, 2, 3])
def test_a_hole_at_the_edge_of_what_a_value_is_made_of_is_crossed_whole(
    tmp_path: Path, hole: int
) -> None:
    """Whatever the window: the same moment has the same value in each that holds it."""
    values = np.sin(TIMES)[:, None]
    values[1000 : 1000 + hole] = np.nan
    stream = Sent("physio", "Physio", RATE, values, labels=("a",))
    with open_session(bare(tmp_path / "a.xdf", stream)) as session:
        (reader,) = readers(session, {"physio": 20.0}).values()
        found = []
        for start in np.arange(9.5, 10.5, 0.01).tolist():  # the hole comes to either edge
            at = START + start
            short = reader.read(Window(at, at + 0.05, at))
            wide = reader.read(Window(at - 1.0, at + 1.0, at))
            (known,), (value,) = short.mask, short.values[:, 0]
            same = int(np.searchsorted(wide.times, 0.0 - 1e-9))
            assert (known, wide.times[same]) == (wide.mask[same], 0.0)
            assert value == pytest.approx(wide.values[same, 0], nan_ok=True, rel=1e-5)
            found.append(known)
    assert all(found) == (hole <= 2), "2 samples are 20 ms"
