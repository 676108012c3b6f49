"""Tables of wearables: both forms are read, and what is neither is named by its row."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings.errors import RecordingError
from recordings.wearable.csv_forms import read_events, read_table

START = 1_700_000_000.0
WITHIN = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_empatica_names_start_and_rate(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, f"{START}\n4.0\n0.1\n0.2\n0.3\n", "EDA.csv"))
    assert (table.type, table.labels, table.units) == ("EDA", ("eda",), ("microsiemens",))
    assert table.rate_hz == 4.0
    assert table.stamps.tolist() == [START, START + 0.25, START + 0.5]
    assert table.values[:, 0].tolist() == [0.1, 0.2, 0.3]


def test_empatica_repeats_them_for_each_axis(tmp_path: Path) -> None:
    text = f"{START}, {START}, {START}\n32.0, 32.0, 32.0\n1,2,3\n4,5,6\n"
    table = read_table(written(tmp_path, text, "ACC.csv"))
    assert table.labels == ("x", "y", "z")
    assert table.values.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_empaticas_intervals_come_with_the_beats(tmp_path: Path) -> None:
    text = f"{START}, IBI\n10.5,0.75\n11.3125,0.8125\n\n19.0,0.9\n"
    table = read_table(written(tmp_path, text, "IBI.csv"))
    assert (table.type, table.labels, table.units) == ("RR", ("ibi",), ("seconds",))
    assert table.rate_hz == 0
    assert (table.stamps - START).tolist() == [10.5, 11.3125, 19.0]
    assert table.values[:, 0].tolist() == [0.75, 0.8125, 0.9]


def test_shimmer_has_names_units_and_unix_milliseconds(tmp_path: Path) -> None:
    rows = "".join(f"{1e3 * START + 7.8125 * k}\t{k}\t{k / 2}\n" for k in range(20))
    text = (
        '"sep=\t"\nS_Timestamp_Unix_CAL\tS_GSR_CAL\tS_PPG_CAL\nms\tuS\tmV\n' + rows
    )  # the program that writes them begins with its separator
    table = read_table(written(tmp_path, text))
    assert (table.labels, table.units) == (("S_GSR_CAL", "S_PPG_CAL"), ("uS", "mV"))
    assert table.rate_hz == 128
    assert table.stamps[1] - START == pytest.approx(7.8125e-3, abs=1e-6)
    assert table.values[3].tolist() == [3, 1.5]


def test_one_line_of_header_seconds_and_empty_cells(tmp_path: Path) -> None:
    text = f"unix time;value\n{START};1\n{START + 1};\n{START + 7};3\n{START + 7.5};4\n"
    table = read_table(written(tmp_path, text))
    assert table.rate_hz == 0
    assert np.isnan(table.values[1, 0])


def test_a_spreadsheets_comma_and_microseconds(tmp_path: Path) -> None:
    text = f"unix_us;eda\n{START * 1e6:.0f};0,25\n{START * 1e6 + 250_000:.0f};-1,5e-2\n"
    table = read_table(written(tmp_path, text))
    assert table.stamps.tolist() == [START, START + 0.25]
    assert table.values[:, 0].tolist() == [0.25, -0.015]


def test_times_that_are_rounded_to_milliseconds_have_a_rate(tmp_path: Path) -> None:
    def rate(step: float) -> float:
        rows = "".join(f"{START + k * step:.3f},{k}\n" for k in range(1000))
        return read_table(written(tmp_path, "timestamps,TP9\n" + rows)).rate_hz

    assert rate(1 / 256) == pytest.approx(256, rel=1e-3)
    assert rate(1 / 220) == pytest.approx(220, rel=1e-3)
    beats = "".join(f"{START + k * 0.8 + k % 7 * 0.013:.3f},{k}\n" for k in range(100))
    assert read_table(written(tmp_path, "timestamps,beat\n" + beats)).rate_hz == 0


def test_a_phone_writes_nanoseconds(tmp_path: Path) -> None:
    text = (
        f"time,seconds_elapsed,z\n{START * 1e9:.0f},0,1\n{START * 1e9 + 250_000_000:.0f},0.25,2\n"
    )
    assert read_table(written(tmp_path, text), "time").stamps == pytest.approx(
        [START, START + 0.25], abs=1e-6
    )


def test_dates_in_words_are_refused_with_what_is_read(tmp_path: Path) -> None:
    text = "time,eda\n2026-11-27T01:00:00Z,0.5\n2026-11-27T01:00:01Z,0.5\n"
    with pytest.raises(RecordingError, match="Unix times, in s, ms, µs or ns, and no text"):
        read_table(written(tmp_path, text))


def test_a_column_of_times_can_be_named(tmp_path: Path) -> None:
    text = f"time a,time b,value\n{START},1,1\n{START + 1},2,2\n"
    path = written(tmp_path, text)
    with pytest.raises(RecordingError, match="2 columns may hold the Unix time; name it with"):
        read_table(path)
    assert read_table(path, "time a").labels == ("time b", "value")
    with pytest.raises(RecordingError, match="no column 'when'"):
        read_table(path, "when")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (f"{START}\n4\n", "has 2 rows"),
        (f"{START}\nfast\n1\n", "row 2: 'fast' is no rate in Hz"),
        (f"{START}\n-4\n1\n", "row 2: '-4' is no rate in Hz"),
        ("12\n4\n1\n2\n", "row 1: '12' is no Unix time of this century"),
        (f"{START}\n4\n1\nx\n", "row 4: 'x' is no number"),
        (f"{START}\n4\n1\n\n2\n", "row 4: is empty, and each row stands for a sample"),
        (f"unix time,v\n{START},1\n{START},y\n", "row 3: 'y' is no number"),
        (f"unix time,v\n{START},1\n{START - 1},2\n", "row 3: its time is before that of the row"),
        (f"unix time,v\n{START},1\n{START}\n", "row 3: has 1 cells, none in column 1"),
        (f"unix time,v\n{START},1\n,2\n", "row 3: '' is no number"),
        (f"unix time,v\n{START},1\nnan,2\n", "row 3: 'nan' is no Unix time"),
        ("unix time,v\n", "has no row of numbers after its header"),
        (f"{START},IBI\n", "has no interval after its first row"),
        ("12,IBI\n1,1\n", "row 1: '12' is no Unix time of this century"),
        (f"{START},IBI\n1,1\n2\n", "row 3: has 1 cells, none in column 1"),
        (f"{START},IBI\n1,x\n", "row 2: 'x' is no number"),
        (f"{START},IBI\n-1,1\n", "row 2: '-1' is no time in s since the start"),
        (f"{START},IBI\ninf,1\n", "row 2: 'inf' is no time in s since the start"),
        (f"{START},IBI\n1,1\n2,0\n", "row 3: '0' is no interval in s"),
        (f"{START},IBI\n1,nan\n", "row 2: 'nan' is no interval in s"),
        (f"{START},IBI\n2,1\n1,1\n", "row 3: its time is before that of the row before"),
        (f"unix time\n{START}\n", "has no column but 'unix time'"),
        (",".join("a" * 300), "row 1 has 300 columns"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        read_table(written(tmp_path, text))


def test_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RecordingError, match="no text in UTF-8"):
        read_table(path)
    with pytest.raises(RecordingError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


@settings(deadline=None, max_examples=200, suppress_health_check=WITHIN)
@given(
    st.binary(max_size=300)
    | st.text("0123456789.,\n-einfa", max_size=60).map(lambda rows: f"{START},IBI\n{rows}")
    | st.text(',;\t\n"0123456789.e-unixtmsv', max_size=300)
)
def test_whatever_a_file_holds_is_read_or_named(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    refused = []
    for read in (read_table, read_events):
        try:
            read(path)
        except RecordingError as error:
            refused.append(str(error))
    assert all(path.name in reason for reason in refused)


@settings(deadline=None, max_examples=50, suppress_health_check=WITHIN)
@given(
    st.integers(1, 5),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.sampled_from([1.0, 64.0, 700.0]),
)
def test_what_was_written_is_read(
    tmp_path: Path, columns: int, values: list[float], rate_hz: float
) -> None:
    rows = "".join(",".join([repr(v)] * columns) + "\n" for v in values)
    head = ",".join([str(START)] * columns) + "\n" + ",".join([str(rate_hz)] * columns) + "\n"
    table = read_table(written(tmp_path, head + rows))
    assert table.values.shape == (len(values), columns)
    assert table.values[:, 0].tolist() == values
    assert table.rate_hz == rate_hz


def test_events_are_sorted_and_two_at_least(tmp_path: Path) -> None:
    assert read_events(written(tmp_path, f"{START + 1}\n{START}\n")).tolist() == [START, START + 1]
    with pytest.raises(RecordingError, match="has 1 events"):
        read_events(written(tmp_path, f"{START}\n"))


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A pipe was waited for, and what has no end was read into memory."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name, kind in (("pipe.csv", "a named pipe"), ("zero.csv", "a device")):
        for read in (read_table, read_events):
            with pytest.raises(RecordingError, match=f"cannot be read .it is {kind}, not a file"):
                read(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"unix,x\n978307200,0\n{START},1\n{START + 1},2\n", "rows 2 and 3"),
        (f"unix,x\n{START},1\n\n{START + 1},2\n4070908800,0\n", "rows 4 and 5"),
        (f"{START}, IBI\n1,0.5\n1e9,0.5\n", "rows 2 and 3"),
        (f"{START}\n1e-7\n1\n2\n", "rows 3 and 4"),
        (f"{START}\n1e-300\n1\n2\n", "rows 3 and 4"),
    ],
)
def test_a_clock_that_was_set_amid_a_table_is_told(tmp_path: Path, text: str, rows: str) -> None:
    """The clock offsets of 23 years, one each ten seconds, were asked of memory."""
    with pytest.raises(RecordingError, match=f"days by its times; 31 are the most.*{rows}"):
        read_table(written(tmp_path, text))


@pytest.mark.parametrize("head", [f"{START},{START + 5}\n32,32\n", f"{START},{START}\n32,64\n"])
def test_columns_with_clocks_of_their_own_are_no_one_table(tmp_path: Path, head: str) -> None:
    with pytest.raises(RecordingError, match="its columns have starts or rates of their own"):
        read_table(written(tmp_path, f"{head}1,2\n3,4\n"))
