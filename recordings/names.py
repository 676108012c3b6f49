"""What may be called what: labels, studies, and the files of a session.

A name from outside becomes a path only after one of these has let it pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from recordings.errors import RecordingError

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_MAX_FILE: Final = 128
_LABEL = re.compile(r"[A-Za-z0-9]+")
_STUDY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MAX_LABEL = 64
_Key = TypeVar("_Key")
_RESERVED: Final = {"CON", "PRN", "AUX", "NUL"} | {
    f"{p}{n}" for p in ("COM", "LPT") for n in range(1, 10)
}


def check_label(what: str, value: str) -> str:
    """Return `value` if it can be a label of a participant, session or task.

    Raises:
        RecordingError: it is not `[A-Za-z0-9]+` or is longer than 64; the message says why.
    """
    return _checked(what, value, _LABEL, "letters A-Z, a-z and digits")


def check_study(value: str) -> str:
    """Return `value` if it can be a study's name: a label that may also hold `-` and `_`.

    Raises:
        RecordingError: it cannot.
    """
    if is_reserved(value):
        raise RecordingError(
            f"study {value!r}: Windows keeps this name for a device, and no folder there can have "
            "it; choose another"
        )
    return _checked(
        "study", value, _STUDY, "letters A-Z, a-z, digits, - and _, a letter or digit first"
    )


def is_study(name: str) -> bool:
    """Whether a study can be called so; see `check_study`."""
    try:
        check_study(name)
    except RecordingError:
        return False
    return True


def is_reserved(name: str) -> bool:
    """Say whether no file on Windows can have this name, whatever its suffix.

    It is refused everywhere: what is recorded here may be copied there.
    """
    return name.partition(".")[0].rstrip().upper() in _RESERVED


def check_file_name(name: str) -> str:
    """Return `name` if a file in a session's folder can be called so: no path, nothing hidden.

    Raises:
        RecordingError: it cannot.
    """
    good = _FILE.fullmatch(name) and len(name) <= _MAX_FILE and not name.endswith(".")
    if good and not is_reserved(name):
        return name
    raise RecordingError(
        f"{name[:_MAX_FILE]!r}: no file of a session is called so: use letters A-Z, a-z, digits, "
        f"_ . + and -, no . at either end, at most {_MAX_FILE}, and no name of a Windows device"
    )


def at_home(path: Path) -> Path:
    """Put the home folder in the place of `~`; `~name` of nobody here stays, as in a shell.

    The system's own way raises a RuntimeError, which is no fault of this program's.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_named(key: object, name: str, type_: str, number: int) -> bool:
    """Whether a key names the stream of this name, type and id."""
    both = f"{name} ({type_})"
    return key in (name, both, (name, type_), number, f"#{number}", f"{both} #{number}")


def shown_names(streams: Iterable[tuple[str, str, int]]) -> list[str]:
    """Return what streams (name, type, id) are called, no two alike: `Muse (EEG)`, `Muse (EEG) #3`.

    The name alone where no other stream has it, else with what `session["…"]` tells it by.
    """
    streams = list(streams)
    names = Counter(name for name, _, _ in streams)
    found = [f"{name} ({type_})" if names[name] > 1 else name for name, type_, _ in streams]
    alike = Counter(found)
    return [
        f"{name} ({type_}) #{number}" if alike[text] > 1 else text
        for text, (name, type_, number) in zip(found, streams, strict=True)
    ]


def told_apart(paths: Mapping[_Key, Sequence[str]]) -> dict[_Key, str]:
    """Call sessions by their names, the last parts of their paths.

    Two of one name are told apart by as much of the path before it as that takes. Folders whose
    names are in the session's own name (`sub-01` of `sub-01_task-rest_run-01`) tell nothing, and
    are left out.
    """
    rest = {key: _telling(path) for key, path in paths.items()}
    found: dict[_Key, str] = {}
    length = 1
    while rest:
        ends = {key: parts[-length:] for key, parts in rest.items()}
        alike = Counter(ends.values())
        for key, end in ends.items():
            if alike[end] == 1 or length >= len(rest[key]):
                found[key] = "/".join(end)
                del rest[key]
        length += 1
    return {key: found[key] for key in paths}


def _telling(path: Sequence[str]) -> tuple[str, ...]:
    *folders, name = path
    own = name.split("_")
    return (*(folder for folder in folders if folder not in own), name)


def _checked(what: str, value: str, pattern: re.Pattern[str], allowed: str) -> str:
    if pattern.fullmatch(value) and len(value) <= _MAX_LABEL:
        return value
    if not value:
        reason = "is empty"
    elif len(value) > _MAX_LABEL:
        reason = f"has {len(value)} characters"
    else:
        bad = sorted(set(value) - set(re.sub("[^A-Za-z0-9]", "", value)))
        reason = "has " + " ".join(map(repr, bad)) + " in it"
    hint = "; a participant is named by a pseudonym such as 01" if what == "participant" else ""
    raise RecordingError(
        f"{what} {value!r} {reason}: use only {allowed}, at most {_MAX_LABEL}{hint}"
    )
