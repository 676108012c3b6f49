"""The parsers: no bytes make them crash, and every good reading between garbage is found."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.arrays import U8Array
from devices.serial import checksums
from devices.serial.binary_frames import FrameFormat
from devices.serial.frame_parser import FrameParser
from devices.serial.line_parser import LineFormat, LineParser

# The check values of the CRC catalogue: each checksum of the ASCII digits 1 to 9.
CHECK: dict[checksums.Name, int] = {
    "sum8": 0xDD,
    "sum8-complement": 0x23,
    "xor8": 0x31,
    "sum16": 0x1DD,
    "crc8": 0xF4,
    "crc8-maxim": 0xA1,
    "crc8-rohc": 0xD0,
    "crc8-saej1850": 0x4B,
    "crc16-ccitt": 0x29B1,
    "crc16-xmodem": 0x31C3,
    "crc16-kermit": 0x2189,
    "crc16-modbus": 0x4B37,
    "crc16-arc": 0xBB3D,
}
SYNC = [0xA5, 0x5A]
FORMAT: dict[str, Any] = {
    "sync": SYNC,
    "fields": [
        {"name": "n", "type": "u8", "role": "counter"},
        {"name": "ECG", "type": "i16", "unit": "millivolts", "scale": 0.5},
    ],
    "checksum": "crc16-ccitt",
}


def rows_of(data: bytes) -> U8Array:
    return np.frombuffer(data, np.uint8)[None]


def frame(number: int, value: int, **changes: Any) -> bytes:
    described = FORMAT | changes
    name, over = described["checksum"], described.get("checksum_over", "payload")
    payload = struct.pack("<Bh", number % 256, value)
    covered = payload if over == "payload" else bytes(SYNC) + payload
    if not name:
        return bytes(SYNC) + payload
    said = int(checksums.compute(name, rows_of(covered))[0])
    return bytes(SYNC) + payload + said.to_bytes(checksums.width_bits(name) // 8, "little")


def parser(**changes: Any) -> FrameParser:
    return FrameParser(FrameFormat.model_validate(FORMAT | changes))


def values(found: FrameParser, *pieces: bytes) -> tuple[list[float], list[int]]:
    numbers: list[float] = []
    spoilt: list[int] = []
    for piece in pieces:
        rows, before = found.feed(piece)
        numbers += found.frame.scaled(rows)[:, 0].tolist()
        spoilt += before.tolist()
    return numbers, spoilt


@pytest.mark.parametrize("name", CHECK)
def test_checksums_agree_with_the_catalogue(name: checksums.Name) -> None:
    assert checksums.compute(name, rows_of(b"123456789"))[0] == CHECK[name]
    many = np.random.default_rng(1).integers(0, 256, (50, 9)).astype(np.uint8)
    one_by_one = [int(checksums.compute(name, row[None])[0]) for row in many]
    assert checksums.compute(name, many).tolist() == one_by_one
    assert max(one_by_one) < 1 << checksums.width_bits(name)


def test_crc4_by_long_division() -> None:
    data = bytes.fromhex("12 34 56 70")
    rest = int.from_bytes(data, "big") >> 4 << 4
    for bit in range(31, 3, -1):
        rest ^= 0x13 << (bit - 4) if rest >> bit & 1 else 0
    assert checksums.compute("crc4", rows_of(data))[0] == rest


@pytest.mark.parametrize(
    ("kind", "raw", "number"),
    [
        ("i8", b"\xff", -1), ("u8", b"\xff", 255),
        ("i16", b"\xfe\xff", -2), ("u16", b"\x01\x02", 0x201),
        ("i24", b"\xff\xff\xff", -1), ("i24", b"\x00\x00\x80", -(1 << 23)),
        ("u24", b"\x01\x02\x03", 0x30201),
        ("i32", b"\xff\xff\xff\xff", -1), ("u32", b"\xff\xff\xff\xff", 0xFFFFFFFF),
        ("f32", struct.pack("<f", 1.5), 1.5), ("f64", struct.pack("<d", 1e300), 1e300),
    ],
)  # fmt: skip
@pytest.mark.parametrize("endian", ["little", "big"])
def test_number_types(kind: str, raw: bytes, number: float, endian: str) -> None:
    described = FrameFormat.model_validate(
        {"sync": SYNC, "endian": endian, "fields": [{"name": "x", "type": kind}]}
    )
    data = bytes(SYNC) + (raw if endian == "little" else raw[::-1])
    assert described.length == len(data)
    assert described.scaled(rows_of(data)).tolist() == [[number]]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_frame_between_garbage_is_found(data: st.DataObject) -> None:
    # Garbage without the first sync byte cannot swallow what follows; any other is tried below.
    garbage = st.binary(max_size=30).map(lambda b: b.replace(b"\xa5", b"\x00"))
    numbers = data.draw(st.lists(st.integers(-32768, 32767), max_size=12))
    stream = b"".join(data.draw(garbage) + frame(k, n) for k, n in enumerate(numbers))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found, _ = values(parser(), *pieces)
    assert found == [n * 0.5 for n in numbers]


class _Searching(FrameParser):
    """Searches for each frame, wherever the last one ended."""

    def _in_step(self, buffer: U8Array) -> None:
        return None


@given(st.data(), st.sampled_from(["sync alone", "checksum alone", "both", "end"]))
@settings(max_examples=200, deadline=None)
def test_frames_that_follow_each_other_are_found_as_by_searching(
    data: st.DataObject, kind: str
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "sync alone": {"checksum": None}, "checksum alone": {"sync": []}, "end": {"end": [13, 10]},
    }  # fmt: skip
    changes = kinds.get(kind, {})
    pieces = []
    for k in range(data.draw(st.integers(0, 40))):
        whole = frame(k, data.draw(st.integers(-32768, 32767)), **changes)
        made = bytearray(whole[2 * (kind == "checksum alone") :] + bytes(changes.get("end", ())))
        match data.draw(st.sampled_from([None] * 8 + ["spoilt", "cut", "junk"])):
            case "spoilt":
                made[data.draw(st.integers(0, len(made) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del made[-2:]
            case "junk":
                made += data.draw(st.binary(max_size=9))
        pieces.append(bytes(made))
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    quick = parser(**changes)
    slow = _Searching(quick.frame)
    for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        rows, spoilt = quick.feed(stream[a:b])
        wanted, before = slow.feed(stream[a:b])
        assert rows.tolist() == wanted.tolist()
        assert spoilt.tolist() == before.tolist()
    assert (quick.frames, quick.skipped) == (slow.frames, slow.skipped)


@given(st.lists(st.binary(max_size=200), max_size=10), st.sampled_from([None, *CHECK, "crc4"]))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_frame_parser(pieces: list[bytes], name: str | None) -> None:
    found = FrameParser(bitalino(3)) if name == "crc4" else parser(checksum=name)
    total = 0
    for piece in pieces:
        rows, spoilt = found.feed(piece)
        assert len(rows) == len(spoilt)
        assert (spoilt >= 0).all()
        total += len(rows) * found.frame.length
        assert len(found._rest) < found.frame.length * 4
    came = sum(map(len, pieces))
    assert total + found.skipped <= came
    found.complaint()


def test_garbage_with_sync_bytes_in_it_costs_no_frame() -> None:
    found, spoilt = values(parser(), frame(0, 2), bytes(SYNC), frame(1, 4), b"\xa5", frame(2, 6))
    assert found == [1, 2, 3]
    assert spoilt == [0, 1, 1]


def test_a_spoilt_frame_counts_one_and_the_one_cut_by_the_opening_none() -> None:
    bad = bytearray(frame(1, 4))
    bad[3] ^= 1
    found = parser()
    numbers, spoilt = values(found, frame(9, 9)[3:], frame(0, 2), bytes(bad), frame(2, 6))
    assert numbers == [1, 3]
    assert spoilt == [0, 1]
    assert found.wrong == 1
    _, spoilt = values(parser(), bytes(bad), frame(2, 6))
    assert spoilt == [1]
    _, spoilt = values(parser(), frame(0, 2), frame(1, 2)[:4], frame(2, 2), frame(3, 2)[4:])
    assert spoilt == [0, 1]


@pytest.mark.parametrize("over", ["payload", "frame"])
def test_whether_the_checksum_covers_the_sync_bytes_is_found_out(over: str) -> None:
    frames = [frame(k, 2 * k, checksum_over=over) for k in range(30)]
    found, spoilt = values(parser(), *frames)
    assert found == list(range(30))
    assert not any(spoilt)
    wrong = parser(checksum_over={"payload": "frame", "frame": "payload"}[over])
    assert not len(wrong.feed(b"".join(frames))[0])
    assert f'checksum_over = "{over}" would fit' in wrong.complaint()


def test_a_wrong_checksum_kind_is_named() -> None:
    found = parser(checksum="crc16-modbus")
    assert not len(found.feed(b"".join(frame(k, k) for k in range(20)))[0])
    assert 'checksum = "crc16-ccitt"' in found.complaint()
    none = parser()
    none.feed(bytes(100))
    assert "the sync bytes a5 5a never came" in none.complaint()


def test_without_a_checksum_two_frames_in_a_row_are_needed_to_begin() -> None:
    decoy = bytes(SYNC) + b"\x01"  # the sync bytes inside a value, where the port was opened
    frames = b"".join(frame(k, 2 * k, checksum=None) for k in range(5))
    found, spoilt = values(parser(checksum=None), decoy + frames + bytes(SYNC))
    assert found == [0, 1, 2, 3, 4]
    assert spoilt == [0] * 5


def bitalino(channels: int) -> FrameFormat:
    analog = [f"b{bits}" for bits in (10, 10, 10, 10, 6, 6)[:channels]]
    return FrameFormat.model_validate(
        {
            "packing": "bits-reversed",
            "checksum": "crc4",
            "fields": [
                {"name": "seq", "type": "b4", "role": "counter"},
                {"name": "crc", "type": "b4", "role": "checksum"},
                *({"name": n, "type": "b1"} for n in ("I1", "I2", "O1", "O2")),
                *({"name": f"A{i + 1}", "type": t} for i, t in enumerate(analog)),
            ],
        }
    )


def bitalino_frame(seq: int, digital: int, analog: list[int]) -> bytes:
    """Pack as the firmware does (uart.c), written from shared notes, not from our description."""
    a = [*analog, 0, 0, 0, 0, 0][:6]
    raw = [
        (a[4] & 3) << 6 | a[5],
        (a[3] & 0xF) << 4 | a[4] >> 2,
        (a[2] & 3) << 6 | a[3] >> 4,
        a[2] >> 2,
        a[1] & 0xFF,
        (a[0] & 0x3F) << 2 | a[1] >> 8,
        digital << 4 | a[0] >> 6,
        seq << 4,
    ]
    data = bytearray(raw[8 - {1: 3, 2: 4, 3: 6, 4: 7, 5: 8, 6: 8}[len(analog)] :])
    table = (0, 3, 6, 5, 12, 15, 10, 9, 11, 8, 13, 14, 7, 4, 1, 2)
    crc = 0
    for byte in data:
        crc = table[crc] ^ byte >> 4
        crc = table[crc] ^ byte & 0xF
    data[-1] |= crc
    return bytes(data)


@pytest.mark.parametrize("channels", range(1, 7))
def test_bitalino_frames(channels: int) -> None:
    rng = np.random.default_rng(channels)
    top = [1024, 1024, 1024, 1024, 64, 64][:channels]
    sent = [[int(rng.integers(0, t)) for t in top] for _ in range(40)]
    stream = b"".join(bitalino_frame(k % 16, k % 16, a) for k, a in enumerate(sent))
    found = FrameParser(bitalino(channels))
    rows, spoilt = found.feed(stream[1:])
    numbers = found.frame.scaled(rows)
    # The last three wait for what follows only before the first are believed.
    assert numbers[:, 4:].tolist() == sent[-len(rows) :]
    assert len(rows) >= 38
    assert (numbers[:, :4] @ [8, 4, 2, 1] == np.arange(40 - len(rows), 40) % 16).all()
    assert spoilt.sum() == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sync": [], "checksum": None}, "nothing tells where a frame begins"),
        ({"fields": [{"name": "n", "type": "u8", "role": "counter"}]}, "no field is a value"),
        ({"fields": [{"name": "x", "type": "b3"}]}, "does not go with packing"),
        ({"fields": [{"name": "x", "type": "u12"}]}, "type"),
        ({"fields": [{"name": "x", "type": "u8"}] * 2}, "two fields have one name"),
        ({"fields": [{"name": "x", "type": "i8", "role": "counter"}]}, "unsigned"),
        ({"checksum": "crc4"}, "half a byte"),
        ({"checksum": "crc9"}, "checksum"),
        ({"sync": [256]}, "255"),
    ],
)
def test_a_description_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FrameFormat.model_validate(FORMAT | changes)


# Lines.

TWO: dict[str, Any] = {"columns": [{"label": "EDA"}, {"label": "PPG", "scale": 0.001}]}


def lines(*pieces: bytes, **changes: Any) -> tuple[list[list[float]], list[int], LineParser]:
    found = LineParser(LineFormat.model_validate(TWO | changes))
    rows: list[list[float]] = []
    spoilt: list[int] = []
    for piece in pieces:
        numbers, before = found.feed(piece)
        rows += numbers.tolist()
        spoilt += before.tolist()
    return rows, spoilt, found


def test_lines_of_numbers() -> None:
    rows, spoilt, _ = lines(b"3,4\n1,2\r\n-1.5e3", b", 2\n\n7", b",8\n9,")
    assert rows == [[1, 2], [-1500, 2], [7, 8]]
    assert spoilt == [0, 0, 0]


@pytest.mark.parametrize(
    "bad",
    [
        b"1",
        b"1,2,3",
        b"a,b",
        b"1,",
        b"nan,1",
        b"inf,1",
        b"1_0,2",
        b"\xff\xfe,2",
        b"1;2",
        b"x" * 9999,
    ],
)
def test_a_malformed_line_counts_one(bad: bytes) -> None:
    rows, spoilt, found = lines(b"0,0\n1,2\n", bad, b"\n3,4\n")
    assert rows == [[1, 2], [3, 4]]
    assert spoilt == [0, 1]
    assert found.malformed == 1


def test_the_line_cut_by_the_opening_is_neither_used_nor_counted() -> None:
    rows, spoilt, _ = lines(b"23,4\n", b"1,2\n")
    assert rows == [[1, 2]]
    assert spoilt == [0]


def test_json_lines() -> None:
    rows, spoilt, _ = lines(
        b'": 1}\n{"EDA": 1, "PPG": 2.5, "more": "x"}\n{"EDA": 1}\n{"EDA": "1", "PPG": 2}\n'
        b'[1, 2]\n{"PPG": 4, "EDA": 3}\n',
        format="json",
    )
    assert rows == [[1, 2.5], [3, 4]]
    assert spoilt == [0, 3]


@pytest.mark.parametrize("separator", ["", " "])
def test_white_space_separates(separator: str) -> None:
    assert lines(b"\n1 \t 2\n  3   4 \n", separator=separator)[0] == [[1, 2], [3, 4]]


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(["separated", "json"]))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_line_parser(pieces: list[bytes], kind: str) -> None:
    rows, spoilt, found = lines(*pieces, format=kind)
    assert len(rows) == len(spoilt)
    assert np.isfinite(np.array(rows)).all()
    assert "\n" not in found.complaint()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_every_good_line_between_garbage_is_found(data: st.DataObject) -> None:
    # No name of a column begins with a sign: two of them were a header, which is not spoilt.
    garbage = st.binary(max_size=20).map(
        lambda b: b"-!" + b.replace(b"\n", b"").replace(b"\r", b"")
    )
    sent = data.draw(st.lists(st.tuples(st.integers(), st.floats(-1e9, 1e9)), max_size=10))
    sent = [(a % 10**9, b) for a, b in sent]
    stream = b"cut\n" + b"".join(
        data.draw(garbage) + b"\n" + f"{a},{b}\n".encode() for a, b in sent
    )
    cut = data.draw(st.integers(0, len(stream)))
    rows, spoilt, _ = lines(stream[:cut], stream[cut:])
    assert rows == [[float(a), b] for a, b in sent]
    assert spoilt == [1] * len(sent)


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"cut\n1,2,3\n", "expected 2 numbers separated by ',', got 3: '1,2,3'"),
        (bytes(range(128, 256)) * 3, "no text"),
        (b"1,2,", "no line end"),
    ],
)
def test_the_complaint_shows_what_came(stream: bytes, message: str) -> None:
    assert message in lines(stream)[2].complaint()
