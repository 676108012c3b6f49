"""What Windows and macOS are asked for, in which order and with what: neither was run there."""

from __future__ import annotations

import ast
import ctypes
import json
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acquire import own_program
from acquire.processes import job_object, powershell, punctual
from acquire.processes.sleep_inhibitor import held_by_a_thread
from acquire.survey import firewall

CONTINUOUS, SYSTEM, DISPLAY = 0x80000000, 0x1, 0x2


class Function:
    """A function of a library, which notes what it is called with."""

    def __init__(self, name: str, log: list[tuple[Any, ...]], answer: int) -> None:
        self.name, self.log, self.answer = name, log, answer
        self.restype: Any = None
        self.argtypes: list[Any] = []

    def __call__(self, *arguments: Any) -> int:
        self.log.append((self.name, *map(plain, arguments)))
        return self.answer


class Library:
    """A library of a system that is not there."""

    def __init__(self, **answers: int) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.answers = answers

    def __getattr__(self, name: str) -> Function:
        function = Function(name, self.log, self.answers.get(name, 1))
        setattr(self, name, function)
        return function

    def __getitem__(self, name: str) -> Function:
        return Function(name, self.log, self.answers.get(name, 1))


def plain(value: Any) -> Any:
    """A C value as Python's; a structure behind a pointer as its fields."""
    if isinstance(value, ctypes._SimpleCData):
        return value.value
    structure = getattr(value, "_obj", None)
    if structure is not None:
        return {n: getattr(structure, n) for n, _ in structure._fields_}
    return value


def test_windows_wakes_each_millisecond_and_throttles_nothing() -> None:
    winmm, kernel32 = Library(), Library(GetCurrentProcess=7)
    punctual.on_windows(winmm, kernel32)
    assert winmm.log == [("timeBeginPeriod", 1)]
    state = {"version": 1, "control": 0x1 | 0x4, "state": 0}
    assert kernel32.log[-1] == ("SetProcessInformation", 7, 4, state, 12)


def test_a_mac_is_told_of_an_activity_that_is_never_ended() -> None:
    objc = Library(objc_msgSend=11)
    punctual.on_macos(objc)
    selectors = [call[1] for call in objc.log if call[0] == "sel_registerName"]
    assert selectors == [
        b"processInfo",
        b"stringWithUTF8String:",
        b"beginActivityWithOptions:reason:",
        b"retain",
    ]
    (begun,) = (call for call in objc.log if call[0] == "objc_msgSend" and len(call) == 5)
    allows_idle_sleep, latency_critical = 0x00EFFFFF, 0xFF00000000
    assert begun[3:] == (allows_idle_sleep | latency_critical, 11)


def test_a_pool_ends_with_the_process_that_has_it() -> None:
    kernel32 = Library(CreateJobObjectW=5, GetCurrentProcess=7)
    job_object.join_job(kernel32)
    created, told, current, joined = kernel32.log
    assert created == ("CreateJobObjectW", None, None)
    assert told[:3] == ("SetInformationJobObject", 5, 9)
    assert told[3]["flags"] == 0x2000
    assert told[4] == 144, "the size of JOBOBJECT_EXTENDED_LIMIT_INFORMATION with 64 bits"
    assert (current, joined) == (("GetCurrentProcess",), ("AssignProcessToJobObject", 5, 7))


def test_a_job_that_has_no_limits_is_not_joined() -> None:
    kernel32 = Library(SetInformationJobObject=0)
    job_object.join_job(kernel32)
    assert "AssignProcessToJobObject" not in [call[0] for call in kernel32.log]


def test_windows_is_kept_awake_by_one_thread_that_outlives_the_order() -> None:
    """The state goes with the thread that has set it, and a thread of the API's ends soon."""
    set_by: list[tuple[int, threading.Thread]] = []

    def set_state(state: int) -> None:
        set_by.append((state, threading.current_thread()))

    awake = held_by_a_thread(set_state)
    order = threading.Thread(target=awake.__enter__)
    order.start()
    order.join()
    (state, thread), *_ = set_by
    assert state == CONTINUOUS | SYSTEM | DISPLAY
    assert thread is not order
    assert thread.is_alive()
    awake.__exit__(None, None, None)
    assert set_by[1:] == [(CONTINUOUS, thread)]
    assert not thread.is_alive()


def test_the_words_of_a_child_are_read_as_they_were_written() -> None:
    words = own_program.command("acquire.host.device_host", "7", "-m", "-P")
    assert own_program.ordered(words) == ("acquire.host.device_host", ["7", "-m", "-P"])
    assert own_program.ordered(["unisono", "gui", "-P"]) is None
    assert own_program.ordered(["unisono"]) is None


@pytest.mark.parametrize("name", ["python.exe", "pythonw.exe", "unisono.exe", "unisonow.exe"])
def test_windows_has_a_program_with_and_one_without_a_console(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = name.removesuffix(".exe").removesuffix("w")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setattr(sys, "executable", f"/a b/{name}")
        with_console, without = own_program.program(), own_program.program(console=False)
    assert (with_console, without) == (f"/a b/{stem}.exe", f"/a b/{stem}w.exe")


class PowerShell:
    """Answers as PowerShell, and notes what it was asked."""

    def __init__(self, answer: str) -> None:
        self.answer, self.asked = answer, ""

    def __call__(self, script: str) -> str:
        self.asked = script
        return self.answer


def levels(answer: str) -> list[str]:
    return [f.level for f in firewall.examine("C:\\it's\\python.exe", PowerShell(answer))]


def test_rules_against_this_program_are_found() -> None:
    shell = PowerShell(json.dumps({"rules": ["Private", "Private"], "networks": ["Public"]}))
    blocked, public = firewall.examine("C:\\it's\\python.exe", shell)
    assert "-Program 'C:\\it''s\\python.exe'" in shell.asked
    assert (blocked.level, public.level) == ("fail", "warn")
    assert "2 rules" in blocked.text
    assert "Remove-NetFirewallRule" in blocked.remedy


def test_a_firewall_that_lets_pass_or_says_nothing() -> None:
    assert levels('{"rules": [], "networks": ["Private"]}') == ["ok"]
    for answer in ("", "null", "[]", '{"rules": null, "networks": []}'):
        assert levels(answer) == ["warn"], answer

    def none(script: str) -> str:
        raise FileNotFoundError(2, "no powershell")

    (finding,) = firewall.examine("python.exe", none)
    assert finding.level == "warn"


def test_what_powershell_refuses_is_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "powershell"
    stand_in.write_text('#!/bin/sh\necho "$4"\nif [ "$4" = bad ]; then echo no >&2; exit 3; fi\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert powershell.run("good words") == "good words\n"
    with pytest.raises(OSError, match=r"^no$"):
        powershell.run("bad")


def test_no_child_of_windows_opens_a_console() -> None:
    """Every place that starts a process says so, or a window flashes at each start."""
    root = Path(__file__).parents[3]
    silent = Counter[str]()
    for package in ("acquire", "devices", "gui", "recordings"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for call in ast.walk(ast.parse(text)) if "subprocess" in text else ():
                if isinstance(call, ast.Call) and starts_a_process(call):
                    named = {keyword.arg for keyword in call.keywords}
                    silent[path.relative_to(root).as_posix()] += "creationflags" not in named
    others = {name: count for name, count in silent.items() if count}
    assert others == {"acquire/processes/child.py": 1, "gui/desktop/linux.py": 1}


def starts_a_process(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("run", "Popen")
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "subprocess"
    )
