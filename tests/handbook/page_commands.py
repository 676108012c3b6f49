"""The commands that the pages of the handbook name, and the forms in which each is meant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer.main

from acquire.cli.program import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
PROGRAMS = ("unisono", "make", "uv", "pipx", "pip", "py", "python3", "nssm")
"""What a line of shell begins with."""

_LINE = re.compile(rf"^(?:    |\$ )\s*((?:{'|'.join(PROGRAMS)}) .*)$")
_REMARK = re.compile(r"\s+#.*|\s{4,}.*")  # a comment, or what a list says beside its commands
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`(unisono\s[^`]+)`")


@dataclass(frozen=True, order=True, slots=True)
class Command:
    """One command: the first page that has it, its words, whether a sentence names it."""

    page: str
    text: str
    in_a_sentence: bool


def commands() -> list[Command]:
    """List every command of the pages once; a line counts before a sentence."""
    found = [
        Command(page.name, text, in_a_sentence)
        for in_a_sentence in (False, True)
        for page in PAGES
        for text in (_named if in_a_sentence else _lines)(page.read_text(encoding="utf-8"))
    ]
    return list({command.text: command for command in reversed(found)}.values())[::-1]


def _lines(text: str) -> Iterator[str]:
    waiting = ""
    for line in [*text.splitlines(), ""]:
        if waiting and line.strip().startswith("["):  # goes on in the next line
            waiting += f" {line.strip()}"
            continue
        if waiting:
            yield waiting
        command = _LINE.match(line)
        waiting = _REMARK.sub("", command[1]) if command else ""


def _named(text: str) -> Iterator[str]:
    for match in _INLINE.finditer(_FENCED.sub("", text)):
        yield " ".join(match[1].split())


def forms(text: str) -> list[str]:
    """Give a command without what is optional, and with all of it: of alternatives the first."""
    if not text.startswith("unisono "):
        return [text]
    text = text.replace("…", "")  # one of them will do
    bare = re.sub(r"\[[^\]]*\]", "", text)
    full = re.sub(r"\[([^\]]*)\]", lambda match: match[1].split(" | ")[0], text)
    one_of = re.compile(r"(?<=\S)\|\S+")
    return list(dict.fromkeys(" ".join(one_of.sub("", form).split()) for form in (bare, full)))


@cache
def _program() -> Any:
    return typer.main.get_command(app)


def leaf_of(words: list[str]) -> tuple[Any, list[str]]:
    """Follow the words of `unisono …` to their command; gives it, and the words that are left."""
    command, words = _program(), words[1:]
    while inner := getattr(command, "commands", {}).get(words[0] if words else ""):
        command, words = inner, words[1:]
    for left_out in ("play", "xdf"):  # `unisono stimulus FILE`, `unisono import FILE`
        if words and left_out in getattr(command, "commands", {}):
            command = command.commands[left_out]
    return command, words


def is_a_name(command: Command) -> bool:
    """Whether a sentence names a command without what it cannot be called without."""
    if not command.in_a_sentence:
        return False
    leaf, words = leaf_of(shlex.split(forms(command.text)[0]))
    if getattr(leaf, "commands", {}) and not leaf.invoke_without_command:
        return True
    try:
        leaf.make_context(leaf.name, words)
    except Exception as error:  # click's own, wherever typer has it from
        return type(error).__name__ == "MissingParameter" or "requires an argument" in str(error)
    return False
