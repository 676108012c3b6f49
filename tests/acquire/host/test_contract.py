"""What a driver gives is held against the contract, and each thing that is wrong is named."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.host.contract import (
    ContractError,
    check_item,
    checked_answer,
    checked_queries,
    checked_specs,
)
from acquire.host.signal_stream import SignalStream
from acquire.lsl.device_clock import ClockModel
from acquire.processes.loss_log import LossLog
from devices.base import (
    Channel,
    Chunk,
    DeviceError,
    Frame,
    Notice,
    SoundSpec,
    StreamQuery,
    StreamSpec,
    VideoSpec,
)
from tests.acquire.program import unique

EEG = StreamSpec("eeg", "EEG", (Channel("Fz"), Channel("Cz")), 100.0, "float32")
MARKS = StreamSpec("marks", "Markers", (Channel("m"),), 0.0, "string")
FACE = VideoSpec("face", 64, 48, "Mono8", 30.0)
VOICE = SoundSpec("voice", 48_000.0, 1, 4)
SPECS = {spec.name: spec for spec in (EEG, MARKS, FACE, VOICE)}

CHUNK = Chunk("eeg", np.array([1.0, 1.01]), np.zeros((2, 2)))
FRAME = Frame("face", 1, 1.0, np.zeros((48, 64), np.uint8))
BLOCK = Frame("voice", 1, 1.0, np.zeros((4, 1), np.int16))


def but(what: Any, **changes: Any) -> Any:
    """Give a spec or an item with something else in it, right or wrong."""
    return replace(what, **changes)


class Kind(StrEnum):
    EEG = "EEG"


@pytest.mark.parametrize("spec", [*SPECS.values(), but(EEG, desc={"code-1.on": "stimulus"})])
def test_good_specs_are_taken(spec: Any) -> None:
    assert checked_specs([spec]) == (spec,)


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        (None, "NoneType"),
        ({1: 2}, "dict"),
        ([EEG, 5], "a sequence of specs"),
        ([EEG, but(FACE, name="eeg")], "two streams 'eeg'"),
        ([but(EEG, name="a\x00b")], "'a\\x00b'"),
        ([but(EEG, name="a\ud800")], "none of them for control"),
        ([but(EEG, name="N" * 200_000)], "1 to 256 characters"),
        ([but(EEG, type=None)], "type None"),
        ([but(EEG, channels=())], "has 0 channels"),
        ([but(EEG, channels=(but(Channel("a"), label=3),))], "label 3"),
        ([but(EEG, rate_hz=math.nan)], "rate_hz nan"),
        ([but(EEG, rate_hz=math.inf)], "rate_hz inf"),
        ([but(EEG, rate_hz=-3.0)], "rate_hz -3.0"),
        ([but(EEG, rate_hz=1e8)], "rate_hz 100000000.0"),
        ([but(EEG, dtype="uint8")], "'uint8'"),
        ([but(EEG, dtype=None)], "dtype None"),
        ([but(EEG, channels=("Fz",))], "str among its channels"),
        ([but(EEG, channels=(Channel("a", unit=cast("str", None)),))], "unit None"),
        ([but(EEG, latency_s="3 ms")], "latency_s '3 ms'"),
        ([but(EEG, latency_s=math.nan)], "latency_s nan"),
        ([but(FACE, pixel_format=None)], "pixel_format None"),
        ([but(EEG, desc={"a": 5})], "'a': 5"),
        ([but(EEG, desc={"a b<": "x"})], "'a b<'"),
        ([but(FACE, width=-5)], "-5 x 48"),
        ([but(FACE, height=10**6)], "64 x 1000000"),
        ([but(FACE, rate_hz=math.nan)], "rate_hz nan"),
        ([but(FACE, rate_hz=0.0)], "rate_hz 0.0"),
        ([but(VOICE, block=0)], "(1, 0)"),
    ],
)
def test_specs_of_which_no_stream_can_be_made_are_named(specs: Any, words: str) -> None:
    with pytest.raises(ContractError) as error:
        checked_specs(specs)
    assert words in str(error.value)
    assert str(error.value).endswith("mend the driver")


@pytest.mark.parametrize(
    "item",
    [
        CHUNK,
        FRAME,
        BLOCK,
        but(CHUNK, lost=np.int64(3)),
        but(CHUNK, data=np.zeros((2, 2), np.int16), device_times=np.zeros(2)),
        Chunk("eeg", np.zeros(0), np.zeros((0, 2)), lost=7),
        Chunk("marks", np.ones(1), np.array([["go"]], object)),
        but(FRAME, image=None, device_time=3.0, exposure_us=np.float32(5), code=0),
    ],
)
def test_good_items_are_taken(item: Any) -> None:
    assert check_item(item, SPECS) is item


def test_a_notice_of_a_drivers_own_types_becomes_one_of_ours() -> None:
    said = check_item(Notice("info", Kind.EEG, Kind.EEG), SPECS)
    assert b"test_contract" not in pickle.dumps(said)


@pytest.mark.parametrize("queries", [5, None, ["EEG"], "EEG"])
def test_inputs_that_name_no_streams_are_refused(queries: Any) -> None:
    with pytest.raises(ContractError, match=r"inputs\(\): returns"):
        checked_queries(queries)
    assert checked_queries([StreamQuery(type="EEG")]) == (StreamQuery(type="EEG"),)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (5, "yields int"),
        ("text", "yields str"),
        (but(Notice("info", "x", "y"), level="boom"), "a level"),
        (but(Notice("info", "x", "y"), text=None), "two texts"),
        (but(CHUNK, stream="face"), "face: gets a Chunk"),
        (but(FRAME, stream="eeg"), "eeg: gets a Frame"),
        (but(CHUNK, lost=-1), "lost = -1"),
        (but(CHUNK, lost=math.nan), "lost = nan"),
        (but(CHUNK, lost=math.inf), "lost = inf"),
        (but(CHUNK, lost=0.5), "lost = 0.5"),
        (but(CHUNK, lost=10**30), "0 to 1,000,000,000"),
        (but(CHUNK, lost="3"), "lost = '3'"),
        (but(CHUNK, times=[1.0, 1.01]), "times as list"),
        (but(CHUNK, times=np.ones((2, 1))), "shape (2, 1)"),
        (but(CHUNK, times=np.array(["a", "b"])), "times as an array"),
        (but(CHUNK, device_times=np.ones(3)), "2 times and 3 device_times"),
        (but(CHUNK, data=np.zeros((2, 3))), "(2, 3), expected is (2, 2)"),
        (but(CHUNK, data=np.ma.masked_less(np.zeros((2, 2)), 1.0)), "a masked array"),
        (but(FRAME, image=np.ma.masked_less(np.zeros((48, 64)), 1)), "a masked array"),
        (but(CHUNK, data=np.zeros(2)), "shape (2,)"),
        (but(CHUNK, data=np.ones((2, 2), complex)), "complex128"),
        (but(CHUNK, data=np.full((2, 2), "x", object)), "a table of float32"),
        (Chunk("marks", np.ones(1), np.ones((1, 1))), "a table of string"),
        (but(FRAME, lost=2_000_000), "0 to 1,000,000"),
        (but(FRAME, device_frame=None), "numbers"),
        (but(FRAME, time=None), "numbers"),
        (but(FRAME, code="A"), "numbers"),
        (but(FRAME, image=[[1, 2]]), "a frame of list"),
        (but(BLOCK, image=np.zeros((1, 1), np.int16)), "(4, 1) and int16"),
        (but(BLOCK, image=np.zeros((4, 1))), "float64"),
    ],
)
def test_items_that_cannot_be_published_are_named(item: Any, words: str) -> None:
    with pytest.raises(ContractError) as error:
        check_item(item, SPECS)
    assert words in str(error.value)


@dataclass(frozen=True, slots=True)
class LabsSpec(StreamSpec):
    mounted: bool = True


def test_a_spec_of_a_drivers_own_types_becomes_one_of_ours() -> None:
    """The engine reads it, and has none of the driver's modules."""
    odd = LabsSpec(
        name=np.str_("eeg"),
        type=Kind.EEG,
        channels=[Channel(Kind.EEG, kind=Kind.EEG)],  # type: ignore[arg-type]
        rate_hz=Fraction(250),  # type: ignore[arg-type]
        dtype="float32",
        latency_s=np.float32(0.5),  # type: ignore[arg-type]
        counts_losses=np.bool_(True),  # type: ignore[arg-type]
        desc={Kind.EEG: Kind.EEG},
    )
    (spec,) = checked_specs([odd])
    assert spec == StreamSpec(
        "eeg",
        "EEG",
        (Channel("EEG", kind="EEG"),),
        250.0,
        "float32",
        latency_s=0.5,
        counts_losses=True,
        desc={"EEG": "EEG"},
    )
    assert b"test_contract" not in pickle.dumps(spec)


@pytest.mark.parametrize("stream", ["other", None, [], 7])
def test_a_stream_that_was_never_named_fails_for_good(stream: Any) -> None:
    with pytest.raises(DeviceError, match="never named"):
        check_item(but(CHUNK, stream=stream), SPECS)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
def test_an_answer_can_be_sent_as_json_or_is_refused(answer: Any) -> None:
    try:
        sent = checked_answer("x", answer)
    except ContractError:
        return
    assert isinstance(sent, dict)
    json.dumps(sent, allow_nan=False).encode()


def test_numbers_of_numpy_are_answered_as_numbers() -> None:
    answer = {"a": np.int64(3), "b": np.array([1.0, 2.0]), "c": math.nan}
    assert checked_answer("x", answer) == {"a": 3, "b": [1.0, 2.0], "c": None}
    assert checked_answer("x", None) == {}
    with pytest.raises(ContractError, match="as JSON"):
        checked_answer("x", {"a": object()})


def test_without_a_time_of_its_own_a_sample_has_that_of_its_arrival() -> None:
    """Before the first good one the driver failed; after it all stamps were that one."""
    spec = but(EEG, name=unique("eeg"))
    losses = LossLog()
    stream = SignalStream(spec, "amp", ClockModel(), losses)
    pushed = []
    stream.outlet.tap = lambda stamps, data: pushed.extend(stamps.tolist())
    for k, device_time in enumerate([math.nan, math.nan, 5.0, math.nan, 5.02]):
        arrival = np.array([100 + k * 0.01])
        chunk = Chunk(spec.name, arrival, np.zeros((1, 2)), np.array([device_time]))
        stream.publish(but(chunk, lost=np.int64(1)))
    stream.outlet.close()
    assert pushed == pytest.approx([100, 100.01, 100.02, 100.03, 100.04])
    assert stream.bad_stamps == 3
    assert {type(loss.count) for loss in losses.take()} == {int}  # the manifest takes no other


def test_values_that_a_format_cannot_hold_are_counted_while_they_come() -> None:
    """A recording that ended before its device knew of one, and of no more."""
    spec = but(EEG, name=unique("eeg"), dtype="int16")
    stream = SignalStream(spec, "amp", ClockModel(), LossLog())
    told = []
    for k in range(60):
        data = np.array([[0.5, 1.0], [70_000.0, -1.0]])
        told += stream.publish(Chunk(spec.name, np.array([k, k + 0.5]), data))
    stream.outlet.close()
    first, *counts = [text for _, _, text in told]
    assert "int16 cannot hold" in first
    assert [int(text.split()[1]) for text in counts] == [10, 100]
    assert {code for _, code, _ in told} == {"values-unfit"}
    assert "120 values in all" in (stream.all_unfit() or "")


@pytest.mark.parametrize(("counts", "told"), [(False, 300), (True, 1)])
def test_what_one_without_numbers_saw_lost_is_not_all_of_an_absence(
    counts: bool, told: int
) -> None:
    """One spoilt reading behind the opening stood for all that passed while it was away."""
    spec = but(EEG, name=unique("eeg"), rate_hz=100.0, counts_losses=counts)
    losses = LossLog()
    stream = SignalStream(spec, "amp", ClockModel(), losses)
    stream.publish(Chunk(spec.name, np.array([100.0]), np.zeros((1, 2))))
    stream.reopened()
    stream.publish(Chunk(spec.name, np.array([103.01]), np.zeros((1, 2)), lost=1))
    stream.outlet.close()
    assert sum(loss.count for loss in losses.take()) == told
