"""Servers that keep to the letter of a protocol and to nothing else."""

from __future__ import annotations

import math
import struct
import time
from typing import Any

import numpy as np
import pytest

from devices.base import Chunk, DeviceError, DeviceLost, Notice
from devices.drivers.biosemi import Biosemi
from devices.drivers.brain_products_rda import BrainProductsRda
from devices.drivers.curry import Curry
from devices.drivers.egi_ampserver import EgiAmpserver
from devices.drivers.gazepoint import Gazepoint
from devices.drivers.neuracle import Neuracle
from devices.drivers.scan import Scan
from devices.network.amp_server import AmpServerClient
from devices.network.client import Samples, Warned
from devices.network.curry_packets import CurryClient
from devices.network.labels import unique_labels
from devices.network.open_gaze import OpenGazeClient
from devices.network.rda import RdaClient
from devices.network.scan_packets import ScanClient
from devices.network.unframed import BiosemiClient, NeuracleClient
from tests.devices.network.packets import (
    codes,
    curry,
    curry_info,
    curry_opening,
    curry_signals,
    egi,
    egi_packet,
    facing,
    forever,
    items_of,
    rda,
    rda_block,
    rda_mark,
    rda_start,
    record,
    scan,
    scan_basic,
)
from tests.devices.wire import read_until

# Words without signals.

KEEP_ALIVE = rda(10_000)
WORDS = [
    pytest.param(BrainProductsRda, [rda_start(), KEEP_ALIVE], {}, id="rda-keep-alives"),
    pytest.param(Curry, [curry_opening(), curry(b"CTRL", 1, 5)], {}, id="curry-notices"),
    pytest.param(Scan, [scan_basic(), scan(b"FILE", 1, 1, b"x")], {}, id="scan-files"),
    pytest.param(Gazepoint, [record(1), b'<ACK ID="X" />\r\n'], {}, id="gaze-answers"),
    pytest.param(Gazepoint, [record(1)], {}, id="gaze-one-record"),
    pytest.param(
        Curry, [curry_opening(), curry_signals(0, 20)], {}, id="curry-one-packet-again-and-again"
    ),
]


@pytest.mark.parametrize(("driver", "said", "more"), WORDS)
def test_words_without_signals_are_silence(
    driver: Any, said: list[bytes], more: dict[str, Any]
) -> None:
    """Any byte was taken for life: such a server was waited for as long as it lived."""
    with facing(driver, (forever(*said), True), silent_s=0.4, **more) as one:
        one.open()
        with pytest.raises(DeviceLost, match=r"has sent words, and no signals, for \d+\.\d s; "):
            read_until(one, lambda _: False)


def test_recorder_that_monitors_nothing_is_told_from_another_program() -> None:
    said = r"speaks its protocol, and does not .*start Monitor"
    with (
        facing(BrainProductsRda, (forever(KEEP_ALIVE), True), connect_s=2.0) as one,
        pytest.raises(DeviceError, match=said),
    ):
        one.open()


# What is said of channels.


@pytest.mark.parametrize("said", [0.0, -0.1, math.nan, math.inf, 1e-300, 1e300])
def test_a_resolution_that_cannot_be_one_is_named_and_destroys_nothing(said: float) -> None:
    """With 0 all that was measured became 0."""
    warned, description, _, samples = RdaClient().receive(
        rda_start((0.5, said)) + rda_block(0, [[10, 20], [11, 21]])
    )
    assert isinstance(warned, Warned)
    assert warned.code == "no-resolution"
    assert "E1 (" in warned.text
    assert "E0" not in warned.text
    assert [c.unit for c in description.channels] == ["microvolts", ""]  # type: ignore[union-attr]
    assert isinstance(samples, Samples)
    assert samples.rows.tolist() == [[5, 20], [5.5, 21]]


@pytest.mark.parametrize("said", [0.0, -0.03, math.nan, math.inf])
def test_scan_names_a_resolution_that_cannot_be_one(said: float) -> None:
    with pytest.raises(DeviceError, match=r"resolution of .* µV: set it in Acquire"):
        list(ScanClient().receive(scan_basic(said)))


def test_thousands_of_equal_labels_are_told_apart_at_once() -> None:
    begun = time.process_time()
    labels = list(unique_labels(["Cz"] * 4096))
    assert len(set(labels)) == 4096
    assert labels[1] == "Cz_2"
    assert time.process_time() - begun < 0.2
    assert list(unique_labels(["a", "a_2", "a", "", "\x07<b>"])) == ["a", "a_2", "a_3", "4", "<b>"]


@pytest.mark.parametrize("kind", [BiosemiClient, NeuracleClient])
def test_a_channel_called_trigger_is_not_the_trigger(kind: Any) -> None:
    channels = kind(("Cz", "Trigger"), 5.0)._description.channels
    assert [c.label for c in channels] == ["Cz", "Trigger", "Trigger_2"]
    assert [c.kind == "Trigger" for c in channels][-1]


def test_signals_of_channels_that_were_not_named_yet_are_left_out() -> None:
    """They came with another width than the stream has: "mend the driver"."""
    client = CurryClient()
    said = curry_opening(2) + curry_signals(0, 5) + curry_info(3) + curry_signals(5, 5, 3)
    found = list(client.receive(said))
    assert [m.rows.shape for m in found if isinstance(m, Samples)] == [(5, 2)]


@pytest.mark.parametrize("count", [1, 3])
def test_impedances_for_other_channels_are_told(count: int) -> None:
    ohms = np.full(count, 5000, "<f4").tobytes()
    said = curry_opening() + curry(b"DATA", 4, 1, ohms) + curry_signals(0, 5)
    with facing(Curry, ([said], True)) as one:
        one.open()
        assert codes(items_of(one, 1)) == ["impedances-odd"]


def test_an_impedance_that_is_none_is_no_number() -> None:
    ohms = np.array([5000, -1], "<f4").tobytes()
    said = curry_opening() + curry(b"DATA", 4, 1, ohms) + curry_signals(0, 5)
    with facing(Curry, ([said], True)) as one:
        one.open()
        (chunk, *_) = (x for x in items_of(one, 1) if isinstance(x, Chunk))
    assert np.array_equal(chunk.data, [[5, np.nan]], equal_nan=True)


# Counts.

OPENINGS: dict[str, tuple[Any, bytes, Any]] = {
    "rda": (BrainProductsRda, rda_start(), lambda n: rda_block(n // 10, np.ones((10, 2)))),
    "curry": (Curry, curry_opening(), lambda n: curry_signals(n, 10)),
    "gaze": (Gazepoint, b"", lambda n: b"".join(record(n + i) for i in range(10))),
}


@pytest.mark.parametrize("protocol", OPENINGS)
@pytest.mark.parametrize("numbers", [(5000, 5010, 100, 110), (0, 10, 90_000_000, 90_000_010)])
def test_a_count_that_jumps_is_told_once_and_invents_no_loss(
    protocol: str, numbers: tuple[int, ...]
) -> None:
    """It was taken for a new start in silence, whatever was missing."""
    driver, opening, packet = OPENINGS[protocol]
    with facing(driver, ([opening, *map(packet, numbers)], True)) as one:
        one.open()
        items = items_of(one, 40 if protocol == "gaze" else 4)
    assert codes(items) == ["count-anew"]
    assert sum(x.lost for x in items if isinstance(x, Chunk)) == 0


def test_egis_count_may_be_anywhere_in_its_64_bits() -> None:
    """Near 2^61 the times of samples were steps of a second, of 512 samples each."""
    client = AmpServerClient(1.0, 500.0, "x")
    first = (1 << 61) + 12_345
    found = list(client.receive(egi(*(egi_packet(first + i) for i in (0, 1, 3)))))
    numbers = [m.number for m in found if isinstance(m, Samples)]
    assert np.diff(numbers).tolist() == [3]
    assert np.spacing(numbers[-1] / 500.0) < 1e-6


def test_egis_count_wraps_without_a_loss() -> None:
    answer = b"(sendCommand_return (status complete)(amp_type NA400)(packet_format 2))\n"
    said = egi(*(egi_packet(n) for n in range(2**64 - 3, 2**64 + 3)))
    with facing(EgiAmpserver, ([answer], True), ([said], True), start=False) as one:
        one.open()
        items = items_of(one, 2)
    chunks = [x for x in items if isinstance(x, Chunk)]
    assert sum(len(c.times) for c in chunks) == 6
    assert not any(c.lost for c in chunks)
    assert codes(items) == []


# Markers.


def test_a_marker_without_end_is_cut_and_told() -> None:
    mark = rda_mark(b"S" * 1_000_000)
    said = rda_start() + rda_block(0, np.ones((5, 2)), mark, 1) + rda_block(1, np.ones((5, 2)))
    with facing(BrainProductsRda, ([said], True)) as one:
        one.open()
        items = items_of(one, 2)
    assert codes(items) == ["marker-cut"]
    (text,) = [x.data[0, 0] for x in items if isinstance(x, Chunk) and x.stream == "amp-markers"]
    assert text == "S" * 1000


def test_half_an_event_is_told() -> None:
    said = curry_opening() + curry(b"DATA", 3, 3, bytes(100))
    (*_, warned) = CurryClient().receive(said)
    assert isinstance(warned, Warned)
    assert warned.code == "event-cut"


# Gazepoint's lines.

BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><REC CNT="&b;" />\r\n'


@pytest.mark.parametrize(
    "line",
    [
        BOMB,
        b'<REC CNT="2" USER="R&D" />\r\n',
        b'<REC CNT="2" USER="\x01" />\r\n',
        b'<?xml version="1.0" encoding="none"?><REC CNT="2" />x\r\n',
        b'<REC BPOGX="0.5" />\r\n',
        b"<a>" * 2000 + b"\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_a_spoilt_line_costs_its_record_and_is_told(line: bytes) -> None:
    """The connection was given up for it."""
    with facing(Gazepoint, ([record(1), line, record(3)], True)) as one:
        one.open()
        items = items_of(one, 2)
    assert codes(items) == ["not-understood"]
    assert [x.lost for x in items if isinstance(x, Chunk)] == [0, 1]


def test_a_text_in_another_code_page_is_read() -> None:
    said = record(1) + b'<REC CNT="2" USER="Br\xfcche" />\r\n'
    texts = [m.text for m in OpenGazeClient(60.0).receive(said) if hasattr(m, "text")]
    assert texts == ["Brüche"]


def test_a_line_that_names_an_encoding_that_is_none_is_no_error_of_ours() -> None:
    line = b'<?xml version="1.0" encoding="x-none"?><REC CNT="1" />\r\n'
    found = list(OpenGazeClient(60.0).receive(record(1) + line))
    assert found


# Servers without a word.


@pytest.mark.parametrize("driver", [Biosemi, Neuracle])
@pytest.mark.parametrize("said", [bytes(100_000), b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_zeros_and_a_greeting_are_no_rows(driver: Any, said: bytes) -> None:
    """Zeros of /dev/zero were an amplifier, and a greeting one sample of it."""
    rows = {"channels": 3, "rate_hz": 500.0, "connect_s": 0.4}
    with (
        facing(driver, ([said], True), **rows) as one,
        pytest.raises(DeviceError, match="is it another program's port"),
    ):
        one.open()


def test_a_wrong_number_of_channels_shows_in_single_rows_too() -> None:
    """Each row was held against itself."""
    client = BiosemiClient(("a",), 5.0)
    row = bytes(3) + (1 << 17 | 1 << 20).to_bytes(3, "little")
    assert list(client.receive(row))
    with pytest.raises(DeviceError, match="the status word jumps"):
        list(client.receive(bytes(3) + (1 << 18).to_bytes(3, "little")))


@pytest.mark.parametrize("trigger", [0.5, 1e-30, -1.0, math.nan, math.inf, 70_000.0])
def test_a_trigger_of_neuracle_is_a_whole_number(trigger: float) -> None:
    client = NeuracleClient(("a",), 5.0)
    with pytest.raises(DeviceError, match="the last channel is no trigger"):
        list(client.receive(np.array([[1.0, trigger]], "<f4").tobytes()))


# Ends.


def test_acquire_that_closes_is_left() -> None:
    """It was waited for to be started again, through a connection that it had taken leave of."""
    client = ScanClient()
    list(client.receive(scan_basic()))
    with pytest.raises(DeviceLost, match="closes"):
        list(client.receive(scan(b"CTRL", 1, 2)))


def test_a_stop_does_not_outlive_its_connection() -> None:
    """A device that had rested was never missed again."""
    stopped = [curry_opening(), curry_signals(0, 5), curry(b"CTRL", 1, 2)]
    silent = [curry_opening()]
    with facing(Curry, (stopped, True), (silent, True), silent_s=0.4) as one:
        one.open()
        for item in one.read():
            if isinstance(item, Notice):
                break
        assert one.resting
        one.open()
        assert not one.resting
        with pytest.raises(DeviceLost, match="has sent nothing for"):
            read_until(one, lambda _: False)


def test_another_description_in_one_breath_with_the_first_is_a_loss() -> None:
    """It ended the device for good."""
    said = rda_start() + rda_start(interval_us=1e-9)
    with facing(BrainProductsRda, ([said], True)) as one:
        one.open()
        with pytest.raises(DeviceLost, match=r"samples .* times a second"):
            read_until(one, lambda _: False)


def test_warnings_before_the_description_fill_no_memory() -> None:
    other = curry(b"DATA", 1, 1, struct.pack("<i", 7))
    with facing(Curry, ([other * 5000 + curry_opening() + curry_signals(0, 10)], True)) as one:
        one.open()
        assert 0 < codes(items_of(one, 1)).count("other-version") <= 50


UNUSABLE = [
    pytest.param(Curry, curry_info(-1), "no amplifier is connected", id="curry"),
    pytest.param(Scan, scan_basic(0.0), "a resolution of 0 µV", id="scan"),
    pytest.param(BrainProductsRda, rda_start(interval_us=0.01), "times a second", id="rda"),
]


@pytest.mark.parametrize(("driver", "said", "words"), UNUSABLE)
def test_who_speaks_the_protocol_is_not_called_another_program(
    driver: Any, said: bytes, words: str
) -> None:
    with facing(driver, ([said], True)) as one, pytest.raises(DeviceError, match=words) as failed:
        one.open()
    assert "another program" not in str(failed.value)
