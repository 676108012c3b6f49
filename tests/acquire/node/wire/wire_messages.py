"""Strategies for what may go over the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st

from acquire.node.wire.messages import Body, Message
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    Command,
    DeviceState,
    HostEvent,
    HostStatus,
    Loss,
    Open,
    Opened,
    Preview,
    Request,
    StartVideo,
    StopVideo,
    TakePreview,
    VideoSummary,
)
from acquire.rig.video import GateSettings, VideoOptions
from devices.base import Channel, StreamSpec, VideoSpec
from recordings.names import is_reserved
from recordings.stream_kinds import Fate

text = st.text(st.characters(codec="utf-8"), max_size=20)
number = st.floats(allow_nan=False, allow_infinity=False)
count = st.integers(0, 2**62)
names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,20}[A-Za-z0-9_]", fullmatch=True).filter(
    lambda name: not is_reserved(name)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
json_dicts = st.dictionaries(text, json_values, max_size=3)
levels = st.sampled_from(["info", "warning", "error"])

gates = st.builds(
    GateSettings,
    source=st.text("abc", min_size=1, max_size=5),
    start_codes=st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
    stop_codes=st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
    pre_s=st.floats(0, 30),
    post_s=st.floats(0, 600),
)
video_options = st.builds(
    VideoOptions,
    codec=text,
    ring_s=number,
    gate=st.none() | gates,
    on_overload=st.sampled_from(["auto", "count", "degrade"]),
)
opens = st.builds(
    Open,
    driver=text,
    settings=json_dicts,
    folder=st.none(),
    lsl_config=st.none(),
    video=video_options,
)


@st.composite
def arms(draw: st.DrawFn) -> ArmVideo:
    session = Path(draw(names))
    paths = draw(st.dictionaries(text, names.map(lambda n: session / n), max_size=3))
    copy = session / draw(names) if not paths or draw(st.booleans()) else None
    return ArmVideo(draw(count), paths, draw(st.frozensets(text, max_size=3)), copy)


summaries = st.builds(
    VideoSummary,
    take=count,
    stream=text,
    path=names.map(Path),
    codec=text,
    tiling=text,
    frames=count,
    bytes=count,
    sha256=st.none() | text,
    late_p99_ms=st.none() | number,
    taken_back=count,
    error=st.none() | text,
    disk_full=st.booleans(),
    is_left=st.booleans(),
)
previews = st.builds(
    Preview,
    jpeg=st.binary(max_size=50),
    stamp=number,
    device_frame=count,
    saturated=number,
    focus=number,
)
channels = st.builds(Channel, label=text, unit=text, kind=text)
stream_specs = st.builds(
    StreamSpec,
    name=text,
    type=text,
    channels=st.lists(channels, max_size=3).map(tuple),
    rate_hz=number,
    dtype=st.sampled_from(["float32", "float64", "int16", "string"]),
    source_id=text,
    can_drop_samples=st.booleans(),
    counts_losses=st.booleans(),
    latency_s=st.none() | number,
    desc=st.dictionaries(text, text, max_size=2),
)
video_specs = st.builds(
    VideoSpec,
    name=text,
    width=count,
    height=count,
    pixel_format=text,
    rate_hz=number,
    desc=st.dictionaries(text, text, max_size=2),
)
opened = st.builds(
    Opened,
    specs=st.lists(stream_specs | video_specs, max_size=3).map(tuple),
    uids=st.dictionaries(text, text, max_size=2),
    simulated=st.booleans(),
    seed=st.none() | st.integers(0, 2**62),
)
losses = st.builds(Loss, stream=text, time=number, count=count)
statuses = st.builds(
    HostStatus,
    state=st.sampled_from(DeviceState),
    samples=st.dictionaries(text, count, max_size=2),
    losses=st.lists(losses, max_size=2).map(tuple),
    drift_ppm=st.none() | number,
    ring_fill=number,
    fates=st.dictionaries(text, st.dictionaries(st.sampled_from(Fate), count), max_size=2),
)
events = st.builds(
    HostEvent, time=number, level=levels, code=text, text=text, take=st.none() | count
)
answers = st.builds(
    Answer,
    number=count,
    value=st.one_of(
        json_values,
        st.dictionaries(text, names.map(Path), max_size=3),
        st.lists(summaries, max_size=3),
        previews,
    ),
    error=st.none() | text,
)
_BY_KIND: dict[type[Any], st.SearchStrategy[Any]] = {
    Open: opens,
    ArmVideo: arms(),
    StartVideo: st.builds(StartVideo, take=count, lsl_start=number),
    StopVideo: st.builds(StopVideo, take=count, lsl_stop=number),
    TakePreview: st.builds(TakePreview, stream=text),
    Command: st.builds(Command, name=text, args=json_dicts),
    Close: st.just(Close()),
    Request: st.builds(Request, number=count, body=st.deferred(lambda: bodies)),
    Answer: answers,
    Opened: opened,
    HostStatus: statuses,
    HostEvent: events,
    Loss: losses,
    VideoSummary: summaries,
    Preview: previews,
}
bodies: st.SearchStrategy[Any] = st.one_of([_BY_KIND[kind] for kind in get_args(Body)])
messages: st.SearchStrategy[Any] = st.one_of([_BY_KIND[kind] for kind in get_args(Message)])
