"""The commands as `unisono --help` lists them: by what a lab does, in the order of its day."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperGroup

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

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the help."""
        wide = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                known = [(name, self.commands[name]) for name in names]
                formatter.write_dl([(n.ljust(wide), _clause(c.help or "")) for n, c in known])


def _clause(text: str) -> str:
    first = " ".join(text.split("\n\n")[0].split())
    for end in (". ", "; ", ": "):
        first = first.split(end)[0]
    return first.rstrip(".")
