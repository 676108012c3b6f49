"""Numbers as programs of other countries, and Arduino's plotter, write them."""

from __future__ import annotations

import pytest

from devices.serial.line_parser import LineFormat, LineParser

COLUMNS = {"columns": [{"label": "a"}, {"label": "b"}]}


def parser(separator: str) -> LineParser:
    return LineParser(LineFormat.model_validate(COLUMNS | {"separator": separator}))


@pytest.mark.parametrize(
    ("separator", "line", "numbers"),
    [
        (";", "1,5;-2,25", [1.5, -2.25]),
        ("", "1,5\t2", [1.5, 2.0]),
        (",", "A0:1,A1:2.5", [1.0, 2.5]),
        ("", "A0:1 A1:-3e2", [1.0, -300.0]),
        ("", "A0: 1.5 A1: 2,5", [1.5, 2.5]),
        (",", "b:1,a:2", [2.0, 1.0]),
        (",", "1.5,2", [1.5, 2.0]),
    ],
)
def test_numbers_are_read_as_they_are_meant(
    separator: str, line: str, numbers: list[float]
) -> None:
    found = parser(separator)
    rows, spoilt = found.feed(f"\n{line}\n".encode())
    assert rows.tolist() == [numbers]
    assert spoilt.tolist() == [0]


@pytest.mark.parametrize(
    "line", ["1,2,3;4", "1.000,5;2", "x;y", "A0:;1", "12:30:05;1", "12:30;1", "b:1;c:2"]
)
def test_what_is_no_number_stays_spoilt(line: str) -> None:
    found = parser(";")
    rows, spoilt = found.feed(f"\n1;2\n{line}\n3;4\n".encode())
    assert rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert spoilt.tolist() == [0, 1]


@pytest.mark.parametrize("header", ["temperature,light", "T (°C),µV"])
def test_a_header_line_is_no_loss(header: str) -> None:
    found = parser(",")
    rows, spoilt = found.feed(f"\n{header}\n1,2\n".encode())
    assert (rows.tolist(), spoilt.tolist(), found.malformed) == ([[1.0, 2.0]], [0], 0)
    # Later it is one: a device that was reset in the middle sends its header again.
    _, spoilt = found.feed(b"temperature,light\n3,4\n")
    assert spoilt.tolist() == [1]
