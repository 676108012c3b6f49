"""The pipe to a device process, used by several threads at once, and while it is started again."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from acquire.errors import ControlError
from acquire.processes import device_link
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import DeviceState, HostEvent, Loss, Open
from acquire.rig.video import VideoOptions
from tests.acquire.program import posix_only, wait_for

ORDER = Open("echo", {"name": "echo"}, None, None, VideoOptions())
LARGE = "x" * 300_000
"""Longer than what the system writes into a pipe in one piece."""


class EchoLink(DeviceLink):
    module = "tests.acquire.processes.echo_host"


def make_link() -> EchoLink:
    def hear(name: str, event: HostEvent) -> None: ...
    def lose(name: str, loss: Loss) -> None: ...

    return EchoLink("echo", "echo", hear, lose)


@pytest.fixture
def link() -> Iterator[EchoLink]:
    link = make_link()
    link.start(ORDER, None)
    assert link.wait_open(60)
    try:
        yield link
    finally:
        link.close(5)


def test_large_commands_at_once_are_all_answered(link: EchoLink) -> None:
    """They broke the pipe: 471 of 480."""

    def ask(number: int) -> bool:
        return link.command("echo", {"number": number, "text": LARGE}) == {
            "number": number,
            "text": LARGE,
        }

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(96)))


def test_a_command_during_a_restart_never_comes_before_open() -> None:
    """It was taken for `Open`, and the device failed: 6 of 6 restarts."""
    link = make_link()
    ended = threading.Event()

    def pester() -> None:
        while not ended.is_set():
            try:
                link.command("echo", {"text": "now"})
            except ControlError:
                continue

    threads = [threading.Thread(target=pester) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            link.start(ORDER, None)
            assert link.wait_open(60), link.snapshot.error
            link.close(5)
            assert link.snapshot.state is DeviceState.CLOSED
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_who_asks_before_the_start_is_answered() -> None:
    with pytest.raises(ControlError, match="its process is gone"):
        make_link().command("echo", {})


def test_a_message_that_trips_its_hearer_silences_nobody() -> None:
    """The thread that hears a device ended with the first one, and nothing was said."""
    heard: list[HostEvent] = []

    def hear(name: str, event: HostEvent) -> None:
        if event.code == "trips":
            raise ValueError("no such event")
        heard.append(event)

    link = EchoLink("echo", "echo", hear, lambda name, loss: None)
    link.start(ORDER, None)
    try:
        assert link.wait_open(60)
        link.command("say", {"event": HostEvent(0.0, "info", "trips", "x")})
        assert link.command("echo", {"number": 1}) == {"number": 1}
        (said,) = heard
        assert (said.code, said.level) == ("internal", "error")
        assert "echo: ValueError: no such event" in said.text
    finally:
        link.close(5)


def test_one_that_closes_its_pipe_and_lives_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SDK that closed a file too often took the pipe: it counted as running, for ever silent."""
    monkeypatch.setattr(device_link, "MUTE_S", 0.1)
    heard: list[HostEvent] = []
    link = EchoLink(
        "echo", "echo", lambda name, event: heard.append(event), lambda name, loss: None
    )
    link.start(ORDER, None)
    try:
        assert link.wait_open(60)
        with pytest.raises(ControlError, match="its process is gone"):
            link.command("mute", {})
        wait_for(lambda: heard)
        assert not link.alive
        assert link.snapshot.state is DeviceState.FAILED
        (told,) = heard
        assert told.code == "device-died"
        assert "had closed its connection" in told.text
    finally:
        link.close(5)


def test_a_process_that_says_nothing_any_more_is_told_once_and_once_that_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was stopped counted as running."""
    monkeypatch.setattr(device_link, "LOOK_S", 0.05)
    heard: list[HostEvent] = []
    why: list[str | None] = []  # beside each state in which it was seen to be stalled

    class WatchedLink(EchoLink):
        def _change(self, **changes: Any) -> None:
            super()._change(**changes)
            if self.snapshot.state is DeviceState.STALLED:
                why.append(self.snapshot.trouble)

    link = WatchedLink("echo", "echo", lambda _, event: heard.append(event), lambda *_: None)
    link.start(ORDER, None)
    try:
        assert link.wait_open(60)
        link.command("echo", {})
        link.command("tell", {})  # who tells no state is a player, and owes none
        wait_for(lambda: heard)
        assert [event.code for event in heard] == ["device-hangs"]
        assert why
        assert all("its process has said nothing" in (text or "") for text in why), "no reason yet"
        link.command("tell", {})
        wait_for(lambda: len(heard) > 1)
        assert [event.code for event in heard[:2]] == ["device-hangs", "device-hangs-over"]
    finally:
        link.close(5)


@posix_only
@pytest.mark.parametrize("way", ["fork", "system"])
def test_what_a_device_leaves_running_holds_nobody_up(way: str) -> None:
    """The stop waited for the end of a helper that a driver had started: for ever, if need be."""
    link = make_link()
    link.start(ORDER, None)
    assert link.wait_open(60)
    pid = int(link.command("leave", {"way": way})["pid"])
    try:
        ended = threading.Thread(target=link.close, args=(5.0,))
        ended.start()
        ended.join(60)
        assert psutil.pid_exists(pid)
        assert not ended.is_alive()
        assert link.wait_written(0.0), "it counts as a writer of files"
    finally:
        os.kill(pid, signal.SIGKILL)


@posix_only
def test_a_process_that_dies_is_noticed_though_its_pipe_is_held_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device_link, "LOOK_S", 0.05)
    heard: list[HostEvent] = []
    link = EchoLink("echo", "echo", lambda name, event: heard.append(event), lambda *_: None)
    link.start(ORDER, None)
    assert link.wait_open(60)
    pid = int(link.command("leave", {"way": "hold"})["pid"])
    try:
        with pytest.raises(ControlError, match="its process is gone"):
            link.command("abort", {})
        wait_for(lambda: heard)
        (told,) = heard
        assert told.code == "device-died"
        assert "(signal 6)" in told.text
        assert told.text.endswith("its last words: what(): no such sensor")
    finally:
        os.kill(pid, signal.SIGKILL)
        link.close(5)


@posix_only
def test_what_is_killed_from_outside_has_no_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a library had said minutes before stood there as if it were why."""
    monkeypatch.setattr(device_link, "LOOK_S", 0.05)
    heard: list[HostEvent] = []
    link = EchoLink("echo", "echo", lambda name, event: heard.append(event), lambda *_: None)
    link.start(ORDER, None)
    assert link.wait_open(60)
    try:
        link.command("warn", {})
        link._process.kill()
        wait_for(lambda: heard)
        assert heard[0].text.endswith("its process ended (signal 9); its streams are gone")
    finally:
        link.close(5)
