"""A group of commands of which one may be left out: `unisono stimulus demo` plays."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


def unless_named(command: str) -> type[TyperGroup]:
    """Make a group that takes `command` where none of its commands is named."""

    class UnlessNamed(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in (*self.commands, *ctx.help_option_names):
                args = [command, *args]
            return super().parse_args(ctx, args)

    return UnlessNamed
