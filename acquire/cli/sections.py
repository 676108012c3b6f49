"""The commands as `unisono --help` lists them: by what a lab does, in the order of its day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import typer
from typer.core import TyperGroup

from acquire.cli.exits import INTERRUPTED
from acquire.plain_text import told

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "To begin": ("demo", "gui", "doctor", "desktop"),
    "Prepare": ("rig", "devices", "device", "camera", "stimulus", "simulate"),
    "Record": ("record", "daemon", "ctl", "run", "streams"),
    "Other computers": ("node", "pair", "nodes", "collect"),
    "Sessions": ("check", "repair", "copy", "replay", "import", "export", "erase"),
    "Faces": ("review", "coding", "motion"),
    "Studies": ("study", "features"),
}


class InSections(TyperGroup):
    """A group that lists its commands in `SECTIONS`, each by the first clause of its help."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the words before the command."""
        with _our_ends():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read the command's words, and carry it out."""
        with _our_ends():
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the help."""
        wide = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                known = [(name, self.commands[name]) for name in names]
                formatter.write_dl([(n.ljust(wide), _clause(c.help or "")) for n, c in known])


@contextmanager
def _our_ends() -> Iterator[None]:
    """Have typer end as we do: Ctrl-C is 3, where it has 130; no argument of any length is said."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        if isinstance(text := getattr(error, "message", None), str):
            vars(error)["message"] = told(text)
        raise


def _clause(text: str) -> str:
    first = " ".join(text.split("\n\n")[0].split())
    for end in (". ", "; ", ": "):
        first = first.split(end)[0]
    return first.rstrip(".")
