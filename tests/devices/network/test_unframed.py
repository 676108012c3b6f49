"""Rows that nothing frames: any bytes are rows or are refused, and cuts change nothing."""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.network.client import Samples
from devices.network.framing import WireError
from devices.network.unframed import BiosemiClient, NeuracleClient, UnframedClient

LABELS = ("Fp1", "Cz", "VEOG")
CLIENTS = (BiosemiClient, NeuracleClient)
SLOW_HZ = 5.0
"""At this rate one row is enough to be taken for one."""
ROW_BYTES = {BiosemiClient: 12, NeuracleClient: 16}


def fed(client: UnframedClient, pieces: list[bytes]) -> list[Samples]:
    return [m for piece in pieces for m in client.receive(piece) if isinstance(m, Samples)]


@pytest.mark.parametrize("kind", CLIENTS)
@given(pieces=st.lists(st.binary(max_size=200), max_size=8))
def test_any_bytes_are_rows_or_are_refused(
    kind: type[BiosemiClient | NeuracleClient], pieces: list[bytes]
) -> None:
    found = []
    with contextlib.suppress(WireError):
        found = fed(kind(LABELS, SLOW_HZ), pieces)
    if not found:  # refused, or less than a row
        return
    rows = sum(len(samples.rows) for samples in found)
    said = b"".join(pieces)
    zeros = (len(said) - len(said.lstrip(b"\0"))) // ROW_BYTES[kind]
    assert rows == len(said) // ROW_BYTES[kind] - max(0, zeros - 1)  # one is kept at this rate
    assert all(((s.rows[:, -1] >= 0) & (s.rows[:, -1] <= 0xFFFF)).all() for s in found)


@pytest.mark.parametrize("kind", CLIENTS)
@given(data=st.data())
def test_cuts_change_nothing(
    kind: type[BiosemiClient | NeuracleClient], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 20))
    raw = bytearray(data.draw(st.binary(min_size=count * ROW_BYTES[kind], max_size=count * 16)))
    raw = raw[: count * ROW_BYTES[kind]]
    width = ROW_BYTES[kind] // 4
    for row in range(count):  # a trigger that can be one
        at = (row * 4 + 3) * width
        word = bytes([row + 1, 0, 0]) if width == 3 else np.float32(row + 1).tobytes()
        raw[at : at + width] = word
    whole = fed(kind(LABELS, SLOW_HZ), [bytes(raw)])
    places = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=10)))
    edges = [0, *places, len(raw)]
    parts = fed(kind(LABELS, SLOW_HZ), [bytes(raw[a:b]) for a, b in itertools.pairwise(edges)])
    np.testing.assert_array_equal(
        np.concatenate([s.rows for s in parts]), np.concatenate([s.rows for s in whole])
    )
    assert [s.number for s in parts][:1] == [0]
