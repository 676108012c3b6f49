"""What `unisono --help` says."""

from __future__ import annotations

from collections import Counter

from typer.main import get_command
from typer.testing import CliRunner

from acquire.cli.program import app
from acquire.cli.sections import SECTIONS


def test_each_command_is_in_one_section() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    listed = Counter(name for names in SECTIONS.values() for name in names)
    assert set(listed.values()) == {1}
    assert set(listed) == {name for name, command in commands.items() if not command.hidden}


def test_the_help_lists_each_with_whole_words() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    for title, names in SECTIONS.items():
        assert f"\n{title}:\n" in said
        for name in names:
            assert f"\n  {name} " in said
    assert "..." not in said.split("To begin:")[1]
