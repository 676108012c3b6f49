"""A short protocol, and a player's process in the hands of a test."""

from __future__ import annotations

from typing import Any

from acquire.player.link import PlayerLink
from acquire.player.messages import Marked, PlayOrder
from tests.acquire.program import wait_for

PROTOCOL = """
[protocol]
name = "short"
[scale.why]
kind = "text"
prompt = "Why?"
[[stimulus]]
name = "a"
category = "x"
code = 101
generate = { duration_s = 0.6 }
[[stimulus]]
name = "b"
category = "y"
code = 102
generate = { duration_s = 0.6 }
[[block]]
name = "clips"
stimuli = ["*"]
order = "shuffled"
[[block.step]]
kind = "fixation"
duration_s = 0.2
code = 20
[[block.step]]
kind = "clip"
end_code = 100
[[block.step]]
kind = "rating"
scales = ["valence", "why"]
[[block.step]]
kind = "rest"
duration_s = 0.2
"""


class Heard:
    """A player in this process's hands."""

    def __init__(self, order: PlayOrder) -> None:
        self.marks: list[Marked] = []
        self.events: list[tuple[str, str]] = []
        self.link = PlayerLink(
            None, "rig:1", lambda source, level, code, text: self.hear(code, text)
        )
        self.link.on_mark(self.marks.append)
        self.link.load(order)

    def hear(self, code: str, text: str) -> None:
        self.events.append((code, text))

    @property
    def codes(self) -> list[str]:
        return [code for code, _ in self.events]

    def seen(self, **fields: Any) -> list[Marked]:
        return [m for m in self.marks if fields.items() <= m.fields.items()]

    def wait_for(self, **fields: Any) -> Marked:
        wait_for(lambda: self.seen(**fields), what=str(fields))
        return self.seen(**fields)[-1]

    def wait_over(self) -> None:
        """Wait until everything is shown and marked."""
        wait_for(lambda: self.link.is_over)
