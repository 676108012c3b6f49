"""What is known about boards, without a board."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brainflow.board_shim import BoardIds, BoardShim, BrainFlowInputParams
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.arrays import F64Array
from devices.brainflow.boards import KINDS, PackageCounter, plan
from devices.brainflow.impedance import ToneMeter, commands
from devices.brainflow.params import _REQUIRED_ON, _RUNS_ON, REQUIRED, Params
from devices.brainflow.rows import Preset, due
from devices.drivers.brainflow import Brainflow
from tests.devices.clock import FakeClock

REAL = [b for b in BoardIds if b.value >= -1]


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_every_board_of_brainflow_can_be_planned(board: BoardIds) -> None:
    presets = BoardShim.get_board_presets(board.value)
    described: dict[int, dict[str, Any]] = {
        int(p): BoardShim.get_board_descr(board.value, p) for p in presets
    }
    streams = plan("a", board.name, described)
    assert len({s.spec.name for s in streams}) == len(streams)
    for preset, description in described.items():
        rows = [row for s in streams if s.preset == preset for row in s.rows]
        assert len(rows) == len(set(rows)), "a row is published once"
        listed: set[int] = set()
        for key, value in description.items():
            if key.endswith("_channels") or key == "battery_channel":
                assert key in {kind.key for kind in KINDS}, "a kind that is not known here"
                listed |= set(value if isinstance(value, list) else [value])
        assert set(rows) == listed
    for stream in streams:
        labels = [c.label for c in stream.spec.channels]
        assert len(set(labels)) == len(labels) == len(stream.rows)


def test_tables_name_what_exists() -> None:
    needing = {board for boards in _REQUIRED_ON.values() for board in boards}
    assert {*REQUIRED, *_RUNS_ON, *needing} <= set(BoardIds.__members__)
    assert set(Params.model_fields) <= set(vars(BrainFlowInputParams()))


def lost(counter: PackageCounter, numbers: list[int]) -> int:
    return int(counter.feed(np.array(numbers, np.float64)).sum())


PATTERNS: dict[str, list[int]] = {
    "0…255": [k % 256 for k in range(1000)],
    "even numbers": [2 * k % 256 for k in range(1000)],
    "twelve rows share one": [k // 12 % 65536 for k in range(2000)],
    "101…200, two rows each": [101 + k // 2 % 100 for k in range(1000)],
    "without end": list(range(5, 1005)),
    "always the same": [0] * 1000,
}


@pytest.mark.parametrize("numbers", PATTERNS.values(), ids=PATTERNS)
def test_no_loss_is_invented_whatever_the_habit(numbers: list[int]) -> None:
    for start in (0, 7):
        assert lost(PackageCounter(), numbers[start:]) == 0


@pytest.mark.parametrize(
    ("pattern", "gap", "missing"),
    [
        ("0…255", (600, 605), 5),
        ("0…255", (760, 775), 15),  # across the wrap
        ("even numbers", (600, 604), 4),
        ("twelve rows share one", (1200, 1236), 36),
        ("101…200, two rows each", (700, 704), 4),
        ("without end", (500, 900), 400),
    ],
)
def test_gaps_are_counted_in_samples(pattern: str, gap: tuple[int, int], missing: int) -> None:
    numbers = PATTERNS[pattern]
    assert lost(PackageCounter(), numbers[: gap[0]] + numbers[gap[1] :]) == missing


@pytest.mark.parametrize("wrong", [7.0, 200.0, 5000.0, 1e15, np.nan])
def test_a_number_that_is_spoilt_is_no_loss(wrong: float) -> None:
    """A row of a played file without a number broke the device; one too high, each later turn."""
    numbers = np.array(PATTERNS["0…255"], np.float64)
    numbers[600] = wrong
    counter = PackageCounter()
    assert sum(int(counter.feed(part).sum()) for part in np.split(numbers, 10)) == 0


BATCHES = st.lists(st.integers(0, 1000), max_size=40)


def fed(counter: PackageCounter, numbers: F64Array, cuts: list[int]) -> int:
    """Feed it in batches; what still waits in the end is settled."""
    parts = np.split(numbers, sorted(cuts))
    return sum(int(counter.feed(part).sum()) for part in parts) + int(counter.settle().sum())


@given(
    pattern=st.sampled_from(sorted(set(PATTERNS) - {"always the same"})),
    at=st.integers(0, 990),
    wrong=st.one_of(st.integers(0, 300).map(float), st.sampled_from([1e15, np.nan, 60_000.0])),
    cuts=BATCHES,
)
@example(pattern="0…255", at=600, wrong=7.0, cuts=[601])  # the last of a batch
@example(pattern="0…255", at=0, wrong=5000.0, cuts=[])  # the first of all
@example(pattern="0…255", at=767, wrong=3.0, cuts=[])  # before a turn
@example(pattern="0…255", at=768, wrong=99.0, cuts=[769])  # and behind it
@example(pattern="101…200, two rows each", at=5, wrong=3.0, cuts=[])  # lower than any
@example(pattern="twelve rows share one", at=605, wrong=3.0, cuts=[606])
@example(pattern="101…200, two rows each", at=1, wrong=0.0, cuts=[])  # before a habit is known
@example(pattern="0…255", at=20, wrong=7.0, cuts=[])  # just as habits are known
@example(pattern="0…255", at=600, wrong=89.0, cuts=[])  # the next one's
@example(pattern="0…255", at=600, wrong=87.0, cuts=[])  # the one's before
def test_a_spoilt_number_is_no_loss_wherever_it_stands(
    pattern: str, at: int, wrong: float, cuts: list[int]
) -> None:
    numbers = np.array(PATTERNS[pattern], np.float64)
    turns = np.flatnonzero(np.diff(numbers) < 0)[:1]  # of the first one nothing is known yet
    assume(numbers[at] != wrong and not (np.abs(turns - at) <= 3).any())
    numbers[at] = wrong
    assert fed(PackageCounter(), numbers, cuts) == 0


@given(cuts=BATCHES, missing=st.integers(1, 100))
@example(cuts=[600], missing=5)
@example(cuts=[601], missing=5)
def test_a_gap_is_counted_wherever_a_batch_ends(cuts: list[int], missing: int) -> None:
    numbers = np.array(PATTERNS["0…255"], np.float64)
    gone = np.delete(numbers, slice(600, 600 + missing))
    assert fed(PackageCounter(), gone, cuts) == missing
    shared = np.array(PATTERNS["twelve rows share one"], np.float64)
    assert fed(PackageCounter(), np.delete(shared, slice(600, 612)), cuts) == 12


def test_a_gap_before_the_last_row_is_told_when_no_other_comes() -> None:
    counter = PackageCounter()
    assert lost(counter, [*range(100), 105]) == 0
    assert counter.settle().tolist() == [5]
    assert counter.settle().tolist() == []


def test_the_tone_of_a_cyton_in_kiloohms() -> None:
    t = np.arange(256) / 250
    rng = np.random.default_rng(1)
    kohm = np.array([5.0, 50.0])
    volts = (kohm * 1e3 + 2200) * 6e-9
    eeg = np.sin(2 * np.pi * 31.25 * t + 1)[:, None] * volts * 1e6 + 20_000
    eeg += 5 * np.sin(2 * np.pi * 10 * t)[:, None] + rng.normal(0, 1, eeg.shape)
    meter = ToneMeter(250)
    assert meter.feed(eeg[:100]) is None
    assert meter.feed(eeg[100:]) == pytest.approx(kohm, abs=0.5 * 60)  # 10 Hz leaks a little


def test_impedance_commands() -> None:
    assert commands("CYTON_BOARD", 2, on=True) == ["z101Z", "z201Z"]
    assert commands("CYTON_DAISY_BOARD", 9, on=False)[-1] == "zQ00Z"
    assert commands("ANT_NEURO_EE_511_BOARD", 24, on=True) == ["impedance_mode:1"]
    assert commands("SYNTHETIC_BOARD", 16, on=True) == []


def preset(number: int) -> Preset:
    return Preset(number, {"timestamp_channel": 0, "package_num_channel": 1})


def rows(stamps: list[float]) -> F64Array:
    return np.array([stamps, list(range(len(stamps)))], np.float64)


def test_rows_of_two_presets_come_in_the_order_of_their_stamps() -> None:
    fast, slow = preset(0), preset(1)
    slow.add(rows([9.0]), 100.0)
    fast.add(rows([9.0, 10.0, 11.0]), 100.0)
    first = due([fast, slow])
    assert [(p.preset, p.stamps.tolist()) for p in first] == [(0, [9.0]), (1, [9.0])]
    fast.add(rows([12.0]), 101.0)  # the slow one has nothing now, which holds up nobody
    (second,) = due([fast, slow])
    assert second.stamps.tolist() == [10.0, 11.0, 12.0]
    assert second.arrivals.tolist() == [100.0, 100.0, 101.0]
    assert due([fast, slow]) == []


def test_stamps_rise_unless_the_clock_was_set() -> None:
    one = preset(0)
    one.add(rows([5.0, 5.0, 4.9, 6.0]), 1.0)
    (piece,) = due([one])
    assert (np.diff(piece.stamps) > 0).all()
    assert piece.stamps == pytest.approx([5, 5, 5, 6], abs=1e-4)
    one.add(rows([2.0, 2.1]), 2.0)
    (piece,) = due([one])
    assert piece.stamps.tolist() == [2.0, 2.1], "the host has to see this"


@pytest.mark.parametrize(
    ("board", "platform", "given", "told"),
    [
        ("GFORCE_PRO_BOARD", "linux", {}, "BrainFlow does not support GFORCE_PRO_BOARD on Linux"),
        ("GFORCE_PRO_BOARD", "win32", {}, None),
        ("BRAINBIT_BOARD", "linux", {}, "with a dongle, BRAINBIT_BLED_BOARD runs here"),
        ("CYTON_BOARD", "darwin", {"serial_port": "/dev/tty.usbserial-1"}, "'/dev/cu.usbserial-1'"),
        ("CYTON_BOARD", "darwin", {"serial_port": "/dev/cu.usbserial-1"}, None),
        ("CYTON_BOARD", "win32", {"serial_port": "/dev/ttyUSB0"}, "a name like 'COM3'"),
        ("CYTON_BOARD", "linux", {"serial_port": "/dev/ttyUSB0"}, None),
        ("CYTON_BOARD", "linux", {}, "CYTON_BOARD needs params.serial_port"),
        ("CYTON_BOARD", "linux", {"serial_port": "COM3"}, "called like '/dev/ttyUSB0'"),
        ("CYTON_BOARD", "darwin", {"serial_port": "com12"}, "called like '/dev/cu.usbserial-…'"),
        ("CYTON_BOARD", "win32", {"serial_port": "COM12"}, None),
        ("BRAINBIT_BOARD", "darwin", {}, None),
        ("CALLIBRI_EEG_BOARD", "linux", {}, "only on Windows and macOS"),
        ("GFORCE_DUAL_BOARD", "darwin", {}, "only on Windows"),
        ("UNICORN_BOARD", "linux", {}, None),
        ("UNICORN_BOARD", "darwin", {}, "driver unicorn-udp"),
        ("ANT_NEURO_EE_511_BOARD", "darwin", {}, "only on Linux and Windows"),
        ("ANT_NEURO_EE_511_BOARD", "win32", {}, None),
        ("PIEEG_BOARD", "win32", {}, "only on Linux"),
        ("ENOPHONE_BOARD", "linux", {}, "on Linux ENOPHONE_BOARD needs params.mac_address"),
        ("EXPLORE_8_CHAN_BOARD", "linux", {"mac_address": "F4:0E:11:75:76:78"}, None),
        ("EXPLORE_8_CHAN_BOARD", "win32", {}, None),
        # A computer that is not known yet: a node's.
        ("GFORCE_PRO_BOARD", "", {}, None),
        ("CYTON_BOARD", "", {"serial_port": "COM3"}, None),
        ("CYTON_BOARD", "", {}, "CYTON_BOARD needs params.serial_port"),
    ],
)
def test_what_a_platform_needs(
    board: str, platform: str, given: dict[str, Any], told: str | None
) -> None:
    problem = Params(**given).problem(board, platform)
    assert problem is None if told is None else told in (problem or "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ip_port": 99_999}, "less than or equal to 65535"),
        ({"ip_port_aux": -1}, "greater than or equal to 0"),
        ({"ip_address": "999.1.1.1"}, "999"),
        ({"timeout": -5}, "greater than or equal to 0"),
        ({"ip_protocol": 7}, "less than or equal to 2"),
        ({"master_board": "STREAMING_BOARD"}, "the board that measured"),
    ],
)
def test_what_no_board_can_use_is_refused(given: dict[str, str | int], words: str) -> None:
    """`rig check` called them good."""
    with pytest.raises(ValidationError, match=words):
        Params.model_validate(given)
    Params(ip_address="192.168.4.1", ip_port=6677, ip_protocol=2, timeout=15)
    Params(ip_address="galea.local")


@pytest.mark.parametrize("settles", [False, True])
def test_a_row_that_waits_for_the_next_ones_word_has_the_loss_before_it(settles: bool) -> None:
    """A batch that ends right behind a gap: the loss was told one row late."""
    numbers = np.array([*range(100), 105.0])
    preset = Preset(0, {"timestamp_channel": 0, "package_num_channel": 1})
    preset.add(np.array([numbers / 250, numbers]), 1.0)
    pieces = due([preset])
    assert [(piece.rows.shape[1], piece.lost) for piece in pieces] == [(100, 0)]
    preset.settle(1.0)
    assert due([preset]) == [], "it was heard just then"
    if settles:
        preset.settle(1.1)
    else:
        preset.add(np.array([[106 / 250], [106.0]]), 1.1)
    (piece,) = due([preset])
    assert (piece.rows[1].tolist(), piece.lost) == ([105] if settles else [105, 106], 5)


def test_a_row_that_waits_at_the_end_is_given() -> None:
    """It stayed behind when the board was closed."""
    board = Brainflow(Brainflow.Settings(name="b", board="SYNTHETIC_BOARD"), FakeClock())
    numbers = np.array([*range(100), 105.0])
    board._presets = [Preset(0, {"timestamp_channel": 0, "package_num_channel": 1})]
    board._presets[0].add(np.array([numbers / 250, numbers]), 1.0)
    given = [piece.lost for piece in due(board._presets)]
    board._chunks = lambda piece: iter([piece])  # type: ignore[list-item, method-assign]
    assert [*given, *(piece.lost for piece in board.held_back())] == [0, 5]
