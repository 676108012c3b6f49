"""The wire formats as pure functions: any bytes, any cuts, any numbers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.arrays import F32Array
from devices.base import DeviceError, Notice
from devices.drivers.curry import Curry
from devices.network.biopac.control import port_in
from devices.network.biopac.ndt import Interleaved, NdtChannel
from devices.network.client import AmplifierClient, Message, Samples
from devices.network.curry_packets import CurryClient
from devices.network.framing import WireError
from devices.network.rda import BlockCount, RdaClient
from devices.network.sample_count import SampleCount
from devices.network.scan_packets import ScanClient
from devices.simulation.servers.curry_server import CurryConversation
from devices.simulation.servers.rda_server import RdaConversation
from devices.simulation.servers.scan_server import ScanConversation
from tests.devices.network.server import opened, scripted, signals
from tests.devices.network.test_amplifiers import REQUESTS, speech

CLIENTS: list[tuple[Callable[[], AmplifierClient], bytes]] = [
    (RdaClient, speech(lambda: RdaConversation(signals()), 6)),
    (CurryClient, speech(lambda: CurryConversation(signals()), 6, REQUESTS["curry"])),
    (ScanClient, speech(lambda: ScanConversation(signals()), 6, REQUESTS["scan"])),
]
BOTH = pytest.mark.parametrize(("make", "said"), CLIENTS, ids=["rda", "curry", "scan"])


@BOTH
@given(data=st.binary(max_size=600))
def test_any_bytes_are_refused_in_words(
    make: Callable[[], AmplifierClient], said: bytes, data: bytes
) -> None:
    with contextlib.suppress(WireError):
        assert all(isinstance(m, Message) for m in make().receive(data))


@BOTH
@given(data=st.data())
def test_a_wrong_byte_anywhere_is_refused_or_a_value(
    make: Callable[[], AmplifierClient], said: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(said) - 1))
    spoilt = said[:at] + bytes([data.draw(st.integers(0, 255))]) + said[at + 1 :]
    with contextlib.suppress(WireError):
        for message in make().receive(spoilt):
            assert not isinstance(message, Samples) or message.rows.ndim == 2


@pytest.mark.parametrize(("at", "value"), [(507, 127), (44, 127), (44, 255)])
def test_numbers_that_are_none_make_no_warning(at: int, value: int) -> None:
    """A warning of numpy's is an error here, and no `WireError`."""
    _, said = CLIENTS[0]
    with contextlib.suppress(WireError):
        assert list(RdaClient().receive(said[:at] + bytes([value]) + said[at + 1 :]))


@BOTH
@given(cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_cuts_change_nothing(
    make: Callable[[], AmplifierClient], said: bytes, cuts: list[int]
) -> None:
    whole, cut = make(), make()
    expected = [repr(m) for m in whole.receive(said)]
    edges = [0, *sorted(c for c in cuts if c < len(said)), len(said)]
    pieces = [said[a:b] for a, b in itertools.pairwise(edges)]
    assert [repr(m) for piece in pieces for m in cut.receive(piece)] == expected


@given(
    dividers=st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=5),
    cuts=st.lists(st.integers(1, 40), max_size=12),
)
def test_interleaved_channels_come_apart(dividers: list[int], cuts: list[int]) -> None:
    channels = [NdtChannel("analog", i, f"c{i}", d) for i, d in enumerate(dividers)]
    sent = [(c, i) for i in range(64) for c, d in enumerate(dividers) if i % d == 0]
    data = np.array([c * 1000 + i for c, i in sent], "<f4").tobytes()
    edges = np.clip(np.cumsum([0, *cuts]), 0, len(data)).tolist()
    layout = Interleaved(channels)
    found: dict[int, list[float]] = {c: [] for c in range(len(dividers))}
    firsts: dict[int, int] = {}
    for a, b in zip(edges, [*edges[1:], len(data)], strict=True):
        for g, first, rows in layout.feed(data[a:b]):
            assert first == firsts.get(g, 0)
            firsts[g] = first + len(rows)
            of_group = [c for c, d in enumerate(dividers) if d == sorted(set(dividers))[g]]
            for column, c in enumerate(of_group):
                found[c] += rows[:, column].tolist()
    for c, d in enumerate(dividers):
        assert found[c] == [c * 1000 + i for i in range(0, 64, d)]


def test_dividers_without_a_common_measure_are_refused() -> None:
    channels = [NdtChannel("analog", i, f"c{i}", d) for i, d in enumerate((251, 257, 263))]
    with pytest.raises(DeviceError, match="choose powers of two"):
        Interleaved(channels)


@given(data=st.binary(max_size=64))
def test_an_answer_that_is_none_names_no_port(data: bytes) -> None:
    assert port_in(data) is None or data.startswith(b"AcqP Server Port:")
    assert port_in(b"AcqP Server Port:15010") == 15010
    assert port_in(b"AcqP Server Port:99999") is None


def rows_of(first: int, count: int) -> F32Array:
    """Make rows, (count, 1), that are like no others."""
    return np.arange(first, first + count, dtype=np.float32)[:, None]


@given(
    start=st.integers(0, (1 << 32) - 1),
    steps=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 30), st.booleans()), max_size=30),
)
def test_a_count_adds_up(start: int, steps: list[tuple[int, int, bool]]) -> None:
    """Whatever is lost or repeated, samples taken + lost = what the amplifier counted."""
    count = SampleCount(1000.0)
    number, taken, lost, told = start, 0, 0, 0
    for size, missing, twice in steps:
        number = (number + missing) % (1 << 32)
        told += missing + size
        for _ in range(1 + twice):
            place = count.place(number, rows_of(told - size, size), now=0.0)
            taken += size - place.skip
            lost += place.lost
        number = (number + size) % (1 << 32)
    first_gap = steps[0][1] if steps else 0  # before the first packet nobody counts
    assert taken + lost == told - first_gap


def test_a_count_that_begins_anew_has_lost_nothing() -> None:
    count = SampleCount(1000.0)
    assert count.place(5000, rows_of(0, 100), 0.0).first == 5000
    count.renew()
    place = count.place(0, rows_of(100, 100), 1.0)
    assert (place.first, place.skip, place.lost, place.anew) == (0, 0, 0, False)
    # More than passed since: no loss can be that long.
    far = count.place(900_000, rows_of(200, 100), 1.1)
    assert (far.first, far.skip, far.lost, far.anew) == (900_000, 0, 0, True)


@pytest.mark.parametrize(("missing", "lost"), [(3100, 3100), (3300, 0)])
def test_no_more_is_lost_than_the_silence_held_with_its_margins(missing: int, lost: int) -> None:
    count = SampleCount(1000.0)
    count.place(0, rows_of(0, 100), 10.0)
    place = count.place(100 + missing, rows_of(100, 100), 11.0)  # 1000 came at 1.2, and 2 s
    assert (place.lost, place.anew) == (lost, not lost)


def test_what_one_was_overtaken_by_is_not_taken_twice() -> None:
    count = SampleCount(100.0, late=3)
    assert not count.reaches(0, 60.0)
    for number in (0, 1, 4):
        place = count.place(number, rows_of(number, 1), 0.0)
    assert (place.lost, place.skip) == (2, 0)
    assert count.place(2, rows_of(2, 1), 0.0).skip == 1  # three behind the next
    assert count.place(1, rows_of(90, 1), 0.0).anew
    assert [count.reaches(number, 0.5) for number in (51, 52, 53, -49)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("rows", [25, 100])
def test_a_count_that_begins_anew_unsaid_is_no_packet_that_came_twice(rows: int) -> None:
    """Whatever had a number of the last 256 packets was dropped: seconds, without a word."""
    count, taken, anew = SampleCount(1000.0), 0, 0
    for at in range(0, 1000, rows):
        number = at if at < 500 else at - 500
        place = count.place(number, rows_of(at, rows), now=at / 1000)
        taken += rows - place.skip
        anew += place.anew
    assert (taken, anew) == (1000, 1)


def test_of_packets_that_overlap_each_sample_is_taken_once() -> None:
    """The count was said to begin anew with each, and what they share was there twice."""
    count, taken = SampleCount(1000.0), []
    for at in range(0, 300, 20):
        rows = rows_of(at, 30)
        place = count.place(at, rows, now=0.0)
        taken += rows[place.skip :, 0].tolist()
        assert (place.first, place.anew) == (at + place.skip, False)
    assert taken == list(range(310))


@given(
    first=st.integers(0, (1 << 32) - 1),
    steps=st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=30),
)
def test_blocks_of_any_sizes_count_samples(first: int, steps: list[tuple[int, bool]]) -> None:
    """Each other size had its own count: times jumped back and losses were none, or invented."""
    blocks, count = BlockCount(), SampleCount(1000.0)
    taken = lost = 0
    for at, (points, twice) in enumerate(steps):
        number = (first + at) % (1 << 32)
        for _ in range(1 + twice):
            rows = rows_of(100 * at, points)
            place = count.place(blocks.place(number, points, rows.tobytes())[0], rows, now=0.0)
            taken += points - place.skip
            lost += place.lost
    assert (taken, lost) == (sum(points for points, _ in steps), 0)


def test_a_missing_block_held_as_much_as_the_one_before() -> None:
    blocks = BlockCount()
    firsts = [
        blocks.place(number, points, b"")[0] for number, points in ((7, 40), (8, 20), (11, 40))
    ]
    assert np.diff(firsts).tolist() == [40, 20 + 2 * 20]
    blocks.renew()  # started again: another block 7, which counts on from nothing
    assert blocks.place(7, 10, b"other values") == (70, True)
    assert blocks.place(7, 10, b"other values") == (70, False)


def test_what_is_said_before_the_channels_is_told_too() -> None:
    """CURRY tells its version first: the warning of an unknown one was never seen."""
    said = speech(lambda: CurryConversation(signals()), 2, REQUESTS["curry"])
    other = said.replace((803).to_bytes(4, "little"), (1203).to_bytes(4, "little"), 1)
    with scripted(([other], True)) as server:
        one = opened(Curry, server.port)
        one.open()
        notices = [item for item in itertools.islice(one.read(), 3) if isinstance(item, Notice)]
        one.close()
    assert [notice.code for notice in notices] == ["other-version"]


def test_a_server_that_says_something_else_is_told_from_one_that_is_silent() -> None:
    with scripted(([b"SSH-2.0-x\r\n"], True)) as server:  # shorter than any header
        one = opened(Curry, server.port, connect_s=2.0)
        with pytest.raises(DeviceError, match="is it another program's port"):
            one.open()
        one.close()
