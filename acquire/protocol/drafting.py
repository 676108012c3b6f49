"""A protocol from a folder of clips or a table of them: the text of a file, ready to be adapted.

The table has a heading; its columns are `file` and, each where wanted, `name`, `code`, `category`
and `words`. A folder's subfolders are the categories.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError
from acquire.protocol.media import probe_media
from acquire.protocol.model import OrderKind
from recordings.annotation.formats.coding_sheet import read_lines
from recordings.errors import RecordingError

FIRST_CODE: Final = 101
END_CODE: Final = 100
CODES: Final = 255
MAX_NAME: Final = 60
CLIPS: Final = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
STILLS: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
COLUMNS: Final = ("file", "name", "code", "category", "words")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One stimulus that the protocol is to show. `line`: of the table, for complaints."""

    file: Path
    name: str = ""
    category: str = ""
    code: int | None = None
    words: str = ""
    line: int | None = None
    fault: str = ""  # what is wrong with its line

    @property
    def is_still(self) -> bool:
        """Whether it is a picture."""
        return self.file.suffix.casefold() in STILLS

    @property
    def place(self) -> str:
        """What a complaint calls it."""
        return f"line {self.line}" if self.line is not None else self.file.name


@dataclass(frozen=True, slots=True)
class Draft:
    """What a trial is to be like."""

    title: str
    order: OrderKind | None = None  # None: no category twice in a row where that can be
    ratings: tuple[str, ...] = ("valence", "arousal")
    fixation_s: tuple[float, float] = (3.0, 5.0)
    rest_s: tuple[float, float] = (5.0, 10.0)
    baseline_s: float = 60.0
    image_s: float = 6.0


def wanted_of(source: Path) -> list[Wanted]:
    """List the stimuli of a folder or a table, lines with faults too.

    Raises:
        ConfigError: the source cannot be read, or names nothing.
    """
    if source.is_dir():
        found = _in_folder(source)
        if not found:
            raise ConfigError(f"{source}: no clip and no picture in it; name another folder")
        return found
    if not source.exists():
        raise ConfigError(f"{source}: is not there; name a folder of clips, or a table of them")
    if source.suffix.casefold() in CLIPS + STILLS:
        raise ConfigError(f"{source}: is one stimulus; name its folder, or a table")
    try:
        lines = read_lines(source)
    except RecordingError as error:
        raise ConfigError(str(error)) from error
    return _in_table(source, lines)


def _in_folder(folder: Path) -> list[Wanted]:
    known = CLIPS + STILLS
    files = sorted(f for f in folder.rglob("*") if f.suffix.casefold() in known and f.is_file())
    return [
        Wanted(file, category="" if file.parent == folder else file.parent.name) for file in files
    ]


def _in_table(source: Path, lines: Sequence[tuple[int, list[str]]]) -> list[Wanted]:
    header = [cell.strip().casefold() for cell in lines[0][1]] if lines else []
    if "file" not in header:
        raise ConfigError(
            f"{source}: no column called file in its first line; its columns are "
            f"{', '.join(COLUMNS)}"
        )
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise ConfigError(
            f"{source}: no column is called {', '.join(map(repr, unknown))}; they are "
            f"{', '.join(COLUMNS)}"
        )
    rows = [(n, dict(zip(header, map(str.strip, cells), strict=False))) for n, cells in lines[1:]]
    if not rows:
        raise ConfigError(f"{source}: names no file below its heading")
    return [_of_row(source.parent, number, row) for number, row in rows]


def _of_row(folder: Path, number: int, row: Mapping[str, str]) -> Wanted:
    file, code = row.get("file", ""), row.get("code", "")
    good = code.isdecimal() and 1 <= int(code) <= CODES
    fault = f"code {code!r}; a whole number from 1 to {CODES}" if code and not good else ""
    return Wanted(
        folder / Path(file).expanduser() if file else Path(),
        row.get("name", ""),
        row.get("category", ""),
        int(code) if good else None,
        row.get("words", ""),
        number,
        fault,
    )


def faults(wanted: Iterable[Wanted]) -> list[str]:
    """Say of every stimulus why it cannot be shown: not there, no picture, cut short, its code."""
    said: list[str] = []
    codes: dict[int, Wanted] = {}
    for one in wanted:
        if why := _why_not_shown(one):
            said.append(why)
        if one.fault:
            said.append(f"{one.place}: {one.fault}")
        if one.code is not None:
            first = codes.setdefault(one.code, one)
            if first is not one:
                said.append(f"{one.place}: code {one.code} is {first.place}'s, too")
    return said


def _why_not_shown(one: Wanted) -> str:
    if one.file == Path():
        return f"{one.place}: names no file"
    if one.file.is_dir():
        return f"{one.place}: {one.file} is a folder; name each file of it"
    if not one.file.is_file():
        return f"{one.place}: {one.file} is not there"
    try:
        probe_media(one.file, still=one.is_still)
    except ConfigError as error:
        return str(error) if one.line is None else f"{one.place}: {error}"
    return ""


def protocol_text(wanted: Sequence[Wanted], draft: Draft, folder: Path) -> str:
    """Write the protocol; `folder` is where its file will lie.

    Raises:
        ConfigError: there are more stimuli than codes, or clips and pictures in one protocol.
    """
    stills = {one.is_still for one in wanted}
    if len(stills) > 1:
        raise ConfigError("clips and pictures together: a trial shows one kind; make two protocols")
    named = _with_names(_with_codes(wanted))
    lines = [
        "[protocol]",
        f"name = {_text(_as_name(draft.title))}",
        f"title = {_text(draft.title)}",
        *_block("start", (), _opening(draft)),
        *_block("trials", _chosen(named, draft), _trial(draft, still=stills == {True})),
        *_block("end", (), [_FAREWELL]),
    ]
    for one in named:
        lines += ["", "[[stimulus]]", f"name = {_text(one.name)}"]
        lines += [f"file = {_text(_relative(one.file, folder))}", f"code = {one.code}"]
        lines += [f"category = {_text(one.category)}"] if one.category else []
        lines += [f"words = {_text(one.words)}"] if one.words else []
    return "\n".join(lines) + "\n"


_FAREWELL: Final = (
    "instruction",
    'text = "That was all. Thank you very much."',
    "keys = []",
    "duration_s = 10",
)


def _chosen(wanted: Sequence[Wanted], draft: Draft) -> tuple[str, str]:
    counts = Counter(one.category for one in wanted)
    apart = 2 * max(counts.values()) <= len(wanted) + 1
    return 'stimuli = ["*"]', f'order = "{draft.order or ("no-repeat" if apart else "shuffled")}"'


def _opening(draft: Draft) -> list[list[str]]:
    text = (
        "Please look at the screen.\\n\\nAfter each trial a few questions follow: answer with the "
        "number keys or the mouse.\\n\\nYou may stop at any time with the Escape key.\\n"
        "Press the space bar when you are ready."
    )
    steps = [["instruction", f'text = "{text}"']]
    if draft.baseline_s:
        steps.append(["baseline", f"duration_s = {draft.baseline_s:g}"])
    return steps


def _trial(draft: Draft, *, still: bool) -> list[list[str]]:
    shown = ["image", f"duration_s = {draft.image_s:g}"] if still else ["clip"]
    steps = [["fixation", _span(draft.fixation_s)], [*shown, f"end_code = {END_CODE}"]]
    if draft.ratings:
        steps.append(["rating", f"scales = {json.dumps(list(draft.ratings))}"])
    return [*steps, ["rest", _span(draft.rest_s)]]


def _block(name: str, keys: Sequence[str], steps: Iterable[Sequence[str]]) -> list[str]:
    lines = ["", "[[block]]", f'name = "{name}"', *keys]
    for kind, *more in steps:
        lines += ["", "[[block.step]]", f'kind = "{kind}"', *more]
    return lines


def _span(span: tuple[float, float]) -> str:
    short, long = span
    return f"duration_s = {short:g}" if short == long else f"duration_s = [{short:g}, {long:g}]"


def _with_names(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Give each a name of its own: that of its file, unless it has one; else after its code."""
    taken: set[str] = set()
    named = []
    for one in wanted:
        text = _without_accents(one.name or one.file.stem)
        # Of a name in another script a lone digit would be left, or nothing.
        lost = any(c.isalnum() and not c.isascii() for c in text)
        stem = _as_name(f"stimulus-{one.code}" if lost else text)
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        named.append(replace(one, name=name))
    return named


def _with_codes(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Give those without a code the next free one, from `FIRST_CODE` on, then from 1."""
    taken = {one.code for one in wanted if one.code is not None} | {END_CODE}
    every = (*range(FIRST_CODE, CODES + 1), *range(1, FIRST_CODE))
    free = (code for code in every if code not in taken)
    coded = []
    for one in wanted:
        code = one.code if one.code is not None else next(free, None)
        if code is None:
            raise ConfigError(
                f"{len(wanted)} stimuli, and there are {CODES - 1} codes for them (1 to {CODES} "
                f"without {END_CODE}, which ends each): make two protocols"
            )
        coded.append(replace(one, code=code))
    return coded


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _as_name(text: str) -> str:
    return _NO_NAME.sub("-", text).strip("-._")[:MAX_NAME].rstrip("-._") or "stimulus"


def _relative(file: Path, folder: Path) -> str:
    file, folder = file.absolute(), folder.absolute()
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def _text(text: str) -> str:
    """A basic string of TOML; JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
