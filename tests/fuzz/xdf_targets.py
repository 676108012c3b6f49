"""What must hold for the XDF reader and the repair whatever the bytes are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.read.session import open_session
from recordings.repair.xdf import finish_xdf, repair_xdf
from recordings.xdf.reader import read_xdf

MOST_SAMPLES_A_BYTE = 1


def read_everything(path: Path) -> int:
    """Open a file, read all of it in every way; return its samples. Only named errors may come."""
    with read_xdf(path, strict=True) as recording:
        samples = 0
        for stream in recording.streams:
            samples += len(stream)
            assert len(stream.stamps) == len(stream)
            assert stream.info.name is not None
            if stream.is_text:
                assert len(stream.strings) == len(stream)
            else:
                assert len(stream.read()) == len(stream)
        # No length is believed that the bytes do not bear out.
        assert samples <= recording.size * MOST_SAMPLES_A_BYTE
        kept = sum(d.size for d in recording.damage)
        assert kept <= recording.size
    with suppress(RecordingError):
        check(path)
    with suppress(RecordingError), open_session(path) as session:
        for one in session:
            times = one.times()
            assert len(times) == len(one)
            one.window(session.start, session.stop)
            one.times(stamps="dejittered")
        session.trials()
    return samples


def check_bytes(data: bytes, folder: Path) -> None:
    """Read and repair a file of these bytes; the repaired copy is whole and has the same samples.

    Raises:
        AssertionError, or whatever a fault raises.
    """
    source, target = folder / "x.xdf", folder / "y.xdf"
    target.unlink(missing_ok=True)
    source.write_bytes(data)
    try:
        samples = read_everything(source)
    except RecordingError:
        return  # no XDF file at all
    repair_xdf(source, target)
    assert source.read_bytes() == data
    with read_xdf(target, strict=True) as whole:
        assert not whole.damage, whole.damage
        assert sum(len(stream) for stream in whole.streams) == samples
        assert all(stream.footer is not None for stream in whole.streams)
    target.unlink()
    if finish_xdf(source) is not None:
        with read_xdf(source, strict=True) as finished:
            assert not finished.damage
