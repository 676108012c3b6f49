"""What goes over the wire comes out as it went in; whatever else comes is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.node.wire.coding import decode, encode, request_text, requests_text
from acquire.node.wire.limits import MAX_LIST, WireError, plain_name
from acquire.node.wire.messages import WIRE, dump, load
from acquire.node.wire.models import (
    DeviceRequest,
    Item,
    Messages,
    NodeFile,
    NodeInfo,
    Receipt,
    Recording,
    Requests,
    RunOrder,
)
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    HostEvent,
    Open,
    StartVideo,
    TakePreview,
    VideoSummary,
)
from acquire.rig.video import VideoOptions
from tests.acquire.node.wire.wire_messages import (
    answers,
    bodies,
    events,
    json_values,
    losses,
    messages,
    opened,
    statuses,
)


@given(messages)
def test_what_is_sent_is_what_comes(message: Any) -> None:
    sent = json.dumps(dump(message), allow_nan=False)
    assert load(json.loads(sent)) == message


@given(json_values)
def test_what_is_no_message_is_refused(value: Any) -> None:
    with pytest.raises(WireError):
        load(value)


@given(messages, st.data())
def test_a_message_with_one_thing_changed_is_another_message_or_none(
    message: Any, data: st.DataObject
) -> None:
    given = dump(message)
    keys = list(given["body"])
    key = data.draw(st.sampled_from(keys)) if keys else "new"
    changed = given["body"] | {key: data.draw(json_values)}
    try:
        again = load({"kind": given["kind"], "body": changed})
    except WireError:
        return
    assert dump(again)["body"] == changed  # nothing was read into it


@given(messages, st.text(max_size=5), json_values)
def test_an_unknown_key_is_refused(message: Any, key: str, value: Any) -> None:
    given = dump(message)
    if key in given["body"]:
        return
    with pytest.raises(WireError):
        load({"kind": given["kind"], "body": given["body"] | {key: value}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None, "1.5"])
def test_a_time_is_a_number(value: Any) -> None:
    with pytest.raises(WireError):
        load({"kind": "StartVideo", "body": {"take": 1, "lsl_start": value}})


def test_a_time_that_is_no_number_is_not_sent() -> None:
    with pytest.raises(WireError, match="no number"):
        dump(StartVideo(1, float("inf")))


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "C:x", "a\0b", "a\nb", ".hidden"),
        *("NUL", "con.nut", "LPT1.x", "face.mkv/..", "face.", "face ", "ﬁ", "a" * 129),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(WireError):
        plain_name(name)
    arm = {"take": 1, "session": "s", "paths": {"face": name}, "hash_raw": [], "copy": None}
    for wrong in (arm, arm | {"session": name, "paths": {"face": "face"}}, arm | {"copy": name}):
        with pytest.raises(WireError):
            load({"kind": "ArmVideo", "body": wrong})
    with pytest.raises(WireError):
        decode(NodeFile, json.dumps({"name": name, "bytes": 1}).encode())


def test_the_paths_of_a_take_are_of_one_session() -> None:
    with pytest.raises(WireError, match="one session"):
        dump(ArmVideo(1, {"face": Path("a/face"), "side": Path("b/side")}))
    with pytest.raises(WireError, match="one session"):
        dump(ArmVideo(1, {}))
    with pytest.raises(WireError):
        dump(ArmVideo(1, {"face": Path("/data/a/face")}))


def test_a_path_comes_up_as_a_bare_name() -> None:
    with pytest.raises(WireError, match="bare name"):
        dump(VideoSummary(1, "face", Path("/data/face.nut"), "", "", 0, 0, None))


def test_a_nodes_driver_folder_is_its_own() -> None:
    with pytest.raises(WireError, match="the node's own"):
        dump(Open("x", {}, Path("drivers"), None, VideoOptions()))


def test_what_is_no_json_is_no_setting() -> None:
    with pytest.raises(WireError, match="JSON"):
        dump(Open("x", {"at": object()}, None, None, VideoOptions()))
    assert dump(Answer(1, {"range": (1, 2)}))["body"]["value"]["value"] == {"range": [1, 2]}


def test_a_list_too_long_is_refused() -> None:
    body = {"number": 1, "value": {"type": "json", "value": [0] * (MAX_LIST + 1)}, "error": None}
    with pytest.raises(WireError, match="10001"):
        load({"kind": "Answer", "body": body})


def test_a_value_nested_too_deep_is_refused() -> None:
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    body = {"number": 1, "value": {"type": "json", "value": nested}, "error": None}
    with pytest.raises(WireError, match="deep"):
        load({"kind": "Answer", "body": body})
    with pytest.raises(WireError):
        decode(RunOrder, b'{"devices":' * 100_000)
    with pytest.raises(WireError):
        decode(RunOrder, b"[" * 200_000)


@given(st.binary(max_size=60), st.sampled_from([RunOrder, Requests, Receipt, Messages, NodeInfo]))
def test_bytes_are_refused(data: bytes, model: Any) -> None:
    with pytest.raises(WireError):
        decode(model, data)


@given(st.lists(bodies, max_size=3))
def test_requests_come_as_they_went(given: list[Any]) -> None:
    whole = Requests(
        requests=tuple(DeviceRequest(device="face", number=n, body=b) for n, b in each(given))
    )
    assert [r.body for r in decode(Requests, encode(whole)).requests] == given
    # The engine writes each when it is ordered, once.
    one_by_one = requests_text(request_text("face", n, body) for n, body in each(given))
    assert decode(Requests, one_by_one) == whole


def test_an_order_that_cannot_be_sent_is_refused_where_it_is_given() -> None:
    with pytest.raises(WireError, match="StartVideo: nan is no number"):
        request_text("face", 1, StartVideo(1, float("nan")))
    with pytest.raises(WireError):
        request_text("face", 1, TakePreview("\ud800"))


@given(st.lists(answers | opened | events | losses, max_size=3), statuses)
def test_messages_come_as_they_went(given: list[Any], status: Any) -> None:
    items = tuple(Item(n=n, device="face", message=m) for n, m in each(given))
    whole = Messages(after=0, items=items, statuses={"face": status})
    again = decode(Messages, encode(whole))
    assert [i.message for i in again.items] == given
    assert again.statuses == {"face": status}


def test_a_status_is_a_status() -> None:
    event = dump(HostEvent(1.0, "info", "x", "y"))
    with pytest.raises(WireError, match="HostStatus"):
        decode(Messages, json.dumps({"after": 0, "statuses": {"face": event}}).encode())


def test_a_request_is_no_answer() -> None:
    body = {"requests": [{"device": "face", "number": 1, "body": dump(Answer(1))}]}
    with pytest.raises(WireError, match="asked for"):
        decode(Requests, json.dumps(body).encode())


def test_a_body_too_long_is_refused() -> None:
    with pytest.raises(WireError, match="allowed"):
        decode(Receipt, b" " * 101, limit=100)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r | {"id": "../x"},
        lambda r: r | {"state": "gone"},
        lambda r: r | {"extra": 1},
        lambda r: r | {"files": [{"name": "a", "bytes": -1}]},
        lambda r: r | {"files": [{"name": "a", "bytes": 1, "sha256": "x"}]},
    ],
)
def test_a_recording_is_in_order(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    right = {"id": "s", "run_id": "r", "session": "s", "take": 1, "state": "closed", "files": []}
    assert decode(Recording, json.dumps(right).encode()).ready
    with pytest.raises(WireError):
        decode(Recording, json.dumps(change(right)).encode())


def each(values: list[Any]) -> list[tuple[int, Any]]:
    """Number them from 1."""
    return list(enumerate(values, 1))


def test_a_node_of_another_wire_is_refused_by_version_whatever_else_it_says() -> None:
    told = {"name": "cam-pc", "version": "9.9.9", "wire": WIRE + 1, "moons": 2}
    with pytest.raises(WireError, match=r"runs Unisono '9\.9\.9'.*install the same"):
        decode(NodeInfo, json.dumps(told).encode())
