"""A driver of somebody else's, loaded and asked in a process of its own, and never in the engine.

Whatever is in its module runs in the process that loads it. What ends a process (`os._exit`, a
library that crashes) or never comes back would take the engine and all that it records along, or
the list of all other drivers; no `except` catches it. Nor would the engine go on as before where a
module changes the working folder, limits or signals, writes to standard output, or leaves a thread.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from pydantic import ValidationError

from acquire.own_program import carry_out
from acquire.plain_text import plain
from acquire.validation_text import first_problem
from devices import registry
from devices.base import ELSEWHERE, DeviceError, Plugged
from devices.registry import DriverEntry, words_of

_PATIENCE_S: Final = 60.0  # a large library takes its time on a slow disk
_LOOK_PATIENCE_S: Final = 20.0  # somebody waits for the list of all drivers
_ANSWER: Final = "\nunisono: "
_WELL: Final[dict[tuple[bytes, int], Any]] = {}  # what was answered, by order and file's change
_MOST_REMEMBERED: Final = 256


class _Ended(Exception):
    """The process has not answered; the message says how it ended."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a driver says of settings; empty texts where all is well."""

    missing: str = ""  # why there is no such driver, or it cannot be loaded
    unavailable: str = ""  # why it cannot run here
    problem: str = ""  # what is wrong with the settings


def judge(
    name: str, folder: Path | None, settings: Mapping[str, Any], *, elsewhere: bool = False
) -> Judged:
    """Load a driver and check its settings; `elsewhere`: they are another computer's."""
    order = "judge", (name, folder, dict(settings), elsewhere)
    try:
        return Judged(**_asked(name, folder, order))
    except DeviceError as error:
        return Judged(missing=str(error))


def describe(name: str, folder: Path | None) -> tuple[str, dict[str, Any]]:
    """Give a driver's summary, and the JSON schema of its settings.

    Raises:
        DeviceError: there is none of that name, or it cannot say.
    """
    summary, schema = _asked(name, folder, ("describe", (name, folder)))
    return summary, schema


def _asked(name: str, folder: Path | None, order: tuple[str, tuple[Any, ...]]) -> Any:
    """Ask a driver: one of ours here, all others in another process.

    Raises:
        DeviceError: there is none of that name; it cannot be loaded, or not without harm.
    """
    place = registry.place_of(name, folder)
    if place is None:
        return _TOLD[order[0]](*order[1])
    changed = place.stat().st_mtime_ns if isinstance(place, Path) else 0
    try:
        return _answer_of(pickle.dumps(order), changed)
    except _Ended as error:
        raise DeviceError(_refusal(name, place, str(error))) from error


def _answer_of(order: bytes, changed: int) -> Any:
    """Have a process carry out an order; what is well is remembered until the file changes."""
    if (order, changed) in _WELL:
        return _WELL[order, changed]
    answer = _answer(order, _PATIENCE_S)
    if isinstance(answer, str):
        raise DeviceError(answer)
    if isinstance(answer, dict) and any(answer.values()):
        return answer  # a refusal: it may be another one tomorrow
    if len(_WELL) >= _MOST_REMEMBERED:
        _WELL.clear()
    _WELL[order, changed] = answer
    return answer


def _judged(name: str, folder: Path | None, settings: dict[str, Any], elsewhere: bool) -> Any:
    driver = registry.find(name, folder)
    if not elsewhere and (reason := driver.unavailable()):
        return {"unavailable": reason}
    try:
        driver.Settings.model_validate(settings, context={ELSEWHERE: elsewhere})
    except ValidationError as error:
        return {"problem": first_problem(error, driver.Settings)}
    return {}


def _described(name: str, folder: Path | None) -> Any:
    driver = registry.find(name, folder)
    return driver.summary, driver.Settings.model_json_schema()


def look_apart(name: str) -> tuple[DriverEntry, tuple[Plugged, ...]]:
    """Ask an installed driver in another process whether it can run, and what it finds."""
    try:
        answer = _answer(pickle.dumps(("look", (name,))), _LOOK_PATIENCE_S)
    except _Ended as error:
        answer = _refusal(name, registry.place_of(name), str(error))
    if isinstance(answer, str):
        return DriverEntry(name, "", simulated=False, available=False, reason=answer), ()
    entry, found = answer
    return DriverEntry(**entry), tuple(Plugged(**one) for one in found)


def _refusal(name: str, place: object, fault: str) -> str:
    return f"driver {name!r}, {place}: {fault}; repair or remove it"


def _answer(order: bytes, patience_s: float) -> Any:
    """Have a process carry out an order, and give what it answers.

    Raises:
        _Ended: the process ended without an answer, or has none in time.
    """
    with TemporaryFile() as written:
        try:
            how = carry_out(__name__, order, written, patience_s)
        except subprocess.TimeoutExpired:
            raise _Ended(f"has not been loaded after {patience_s:g} s") from None
        written.seek(0)
        said = written.read()
    _, mark, answer = said.rpartition(_ANSWER.encode())
    if mark:
        with suppress(ValueError):  # it ended in the middle of it
            return json.loads(answer.partition(b"\n")[0])
    raise _Ended(f"ends the process that loads it ({how})")


def _look(name: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Give an installed driver and what it finds as JSON data, whatever kind its words are of."""
    entry = registry.entry(name)
    found: list[dict[str, str]] = []
    if entry.available:
        with suppress(BaseException):  # a library that fails to look hides nothing else
            found = [
                {key: _words(value) for key, value in asdict(one).items()}
                for one in registry.find(name).found()
            ]
    row = asdict(entry)
    row |= {key: _words(row[key]) for key in ("name", "summary", "reason")}
    row |= {key: bool(row[key]) for key in ("simulated", "available")}
    return row, found


def _words(value: object) -> str:
    return "\n".join(plain(line) for line in str(value).splitlines())


_TOLD: Final[Mapping[str, Callable[..., Any]]] = {
    "judge": _judged,
    "describe": _described,
    "look": _look,
}


def _main() -> None:
    what, arguments = pickle.load(sys.stdin.buffer)  # this program's own words
    try:
        said = json.dumps(_TOLD[what](*arguments))
    except DeviceError as error:
        said = json.dumps(_words(error))
    except BaseException as error:  # of the driver's own, wherever it has been asked
        text = f"driver {arguments[0]!r}: {type(error).__name__}: {words_of(error)}"
        said = json.dumps(f"{_words(text)}; repair or remove it")
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{_ANSWER}{said}\n".encode())
    sys.stdout.buffer.flush()
    os._exit(0)  # no matter what it has left to do at the end, or which of its threads go on


if __name__ == "__main__":
    _main()
