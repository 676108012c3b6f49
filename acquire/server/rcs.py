"""Remote control, line-compatible with LabRecorder, plus `status`, `streams`, `marker`.

Pure but for its controller; `rcs_server` reads the lines.

Unlike there, OK is said when it is done, and ERR with a reason when it is not. LabRecorder knows
`start`, `stop`, `update`, `select all|none` and `filename {key:value}…`:
https://github.com/labstreaminglayer/App-LabRecorder#remote-control
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from acquire.errors import AcquireError, ControlError
from acquire.plain_text import told
from acquire.server.controller import Controller
from acquire.take.folder import Labels
from recordings.errors import RecordingError

MAX_LINE = 4096
MAX_CLIENTS = 16

Verb = Literal["start", "stop", "update", "select", "filename", "status", "streams", "marker"]

VERBS = get_args(Verb)

UNKNOWN = (
    'unknown command; known: start, stop, update, select all|none|NAME…|["NAME",…], '
    "filename {key:value}…, status, streams, marker TEXT"
)

_PAIR = re.compile(r"\{(\w+):([^{}]*)\}")
_KEYS = ("root", "task", "run", "participant", "session", "acquisition", "modality", "template")
_LABELS = ("participant", "session", "task")
_NO_PLACE = ("acquisition", "modality", "template")
_WITH_WORDS = ("select", "filename", "marker")
"""Verbs that any text may follow."""
_REQUEST = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?([!-~]+)"
    rb"(\s+\S.*\s(HTTP|[A-Z]{2,9}/\d[\d.]*)\s*$|\s+\S.*\sHTTP/\d|\s+[/*]\S*\s*$|:\s)",
    re.IGNORECASE,
)
_ANSWER = re.compile(rb"\s*([A-Z]{2,9}/\d|SSH-\d|[{<\[*$+])", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One command. `pairs` are those of `filename`, values as they were written."""

    verb: Verb
    rest: str = ""
    pairs: dict[str, str] = field(default_factory=dict)


def is_foreign(line: bytes) -> bool:
    """Say whether a line is of another protocol: a request, an answer, data, or no text at all.

    Any page that is open on this computer may send one to this port, with commands in its body.
    """
    if _CONTROL.search(line):
        return True
    if _ANSWER.match(line):
        return True
    found = _REQUEST.match(line)
    return found is not None and found[1].decode("latin-1").lower() not in _WITH_WORDS


def begins_with_verb(line: bytes) -> bool:
    """Say whether a line begins with a verb: no other protocol's first one does, that is known."""
    word = line.split(maxsplit=1)[:1]
    return bool(word) and word[0].decode("latin-1").lower() in VERBS


def parse(text: str) -> Line:
    """Read one line.

    Raises:
        ControlError: it is no command.
    """
    verb, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "start" | "stop" | "update" | "status" | "streams" as plain:
            if rest:
                raise ControlError(f"{plain} takes nothing after it")
            return Line(plain)
        case "select" | "marker" as word:
            if not rest:
                raise ControlError(f"{word} needs {'a text' if word == 'marker' else 'names'}")
            return Line(word, rest)
        case "filename":
            return Line("filename", rest, _pairs(rest))
    raise ControlError(UNKNOWN)


def _pairs(text: str) -> dict[str, str]:
    if _PAIR.sub("", text).strip():
        raise ControlError("filename takes {key:value} pairs alone, without braces in a value")
    pairs = {match[1].lower(): match[2].strip() for match in _PAIR.finditer(text)}
    if unknown := pairs.keys() - set(_KEYS):
        raise ControlError(f"unknown key {sorted(unknown)[0]}; known: {', '.join(_KEYS)}")
    run = pairs.get("run", "1")
    if not (run.isascii() and run.isdecimal() and 1 <= int(run[:9]) <= 9999 and len(run) < 10):
        raise ControlError("run must be a whole number from 1 to 9999")
    return pairs


def _names(text: str) -> list[str]:
    """Split at spaces; a list in JSON, as `streams` answers, has names with spaces, too."""
    if text.startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(text)
            if all(isinstance(name, str) for name in found):
                return list(found)
    return text.split()


class Remote:
    """Carries out lines. The labels are everybody's: a script may set them, another one start."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._labels = Labels()
        self._run: int | None = None
        self._notes = ""
        self._refused = ""  # why the last `filename` was refused, until one is accepted
        self._owed: set[str] = set()  # labels that were named in what was refused
        self._named: set[str] = set()  # those that any `filename` has named

    def obey(self, text: str) -> str:
        """Carry out a line; gives the answer, without its line end."""
        try:
            line = parse(text)
            match line.verb:
                case "start":
                    return self._start()
                case "stop":
                    return self._stop()
                case "update":
                    self._controller.engine.streams.update()
                    return "OK"
                case "select":
                    return self._select(line.rest)
                case "filename":
                    return self._filename(line.pairs)
                case "status":
                    return self._status()
                case "streams":
                    names = [s.key.name for s in self._controller.engine.status.streams]
                    return "OK " + json.dumps(names, ensure_ascii=False)
                case "marker":
                    return f"OK {self._controller.mark(line.rest):.6f}"
        except (AcquireError, RecordingError, OSError) as error:
            said = told(error)
            if text.strip().partition(" ")[0].lower() == "filename":
                self._refused = said
                self._owed |= {label for label in _LABELS if f"{{{label}:" in text.lower()}
                said += "; start is refused until a filename is accepted"
            return f"ERR {said}"
        except Exception as error:  # whoever asked waits for an answer
            said = told(f"{type(error).__name__}: {error}")
            self._controller.report("rcs", "error", "internal", f"{said}; please report this")
            return f"ERR {said}"

    def _start(self) -> str:
        if self._refused:  # it would record under the labels before, and nobody would know
            raise ControlError(
                f"the last filename was refused ({self._refused}); send one that is accepted"
            )
        running = self._controller.recording.start(
            self._labels, self._notes, self._run, next_run=True
        )
        if running.started:
            # Only this recording was meant by the number: the next start takes the next one.
            self._run = None
            return "OK"
        if any(getattr(running.labels, key) != getattr(self._labels, key) for key in self._named):
            raise ControlError(
                f"already recording {running.folder.name}, which is not what filename named; "
                "stop it first"
            )
        return f"OK already recording {running.folder.name}"

    def _stop(self) -> str:
        found = self._controller.recording.stop()
        if found.outcome is not None and found.outcome.error:  # also where it ended by itself
            raise RecordingError(found.outcome.error)
        return "OK" if found.stopped else "OK nothing was being recorded"

    def _select(self, names: str) -> str:
        match names:
            case "all":
                self._controller.select(None)
            case "none":
                self._controller.select(())
            case _:
                self._controller.select(_names(names))
        return "OK"

    def _filename(self, pairs: dict[str, str]) -> str:
        """Take labels; a template changes nothing: the files of a session have fixed names.

        What is not named stays, as in LabRecorder. What was refused is to be named again: else it
        would be recorded under the label before.
        """
        given = {key: value for key, value in pairs.items() if value}
        if "root" in given and Path(given["root"]) != self._controller.data_dir:
            raise ControlError(
                f"this daemon records into {self._controller.data_dir}, and root names "
                f"{given['root']}: leave {{root:…}} out (also {{template:…}}: the files of a "
                "session have fixed names), or start the daemon with --data-dir"
            )
        if empty := [key for key in _LABELS if not pairs.get(key, "-")]:
            raise ControlError(f"{empty[0]} is empty; give it a value, or leave it out")
        names = {key: given[key] for key in _LABELS if key in given}
        labels = replace(self._labels, **names)
        labels.check()
        if owed := self._owed - names.keys():
            raise ControlError(f"{' and '.join(sorted(owed))}: refused before; name it again, too")
        self._labels, self._refused, self._owed = labels, "", set()
        self._named |= names.keys()
        if "run" in given:
            self._run = int(given["run"])
        kept = [f"{key}: {given[key]}" for key in _NO_PLACE if key in given]
        if kept:
            self._notes = f"LabRecorder {', '.join(kept)}"
        return f"OK kept as a note only: {', '.join(kept)}" if kept else "OK"

    def _status(self) -> str:
        running = self._controller.recording.running
        folder = f" {running.folder}" if running else ""
        return f"OK {self._controller.state}{folder}"
