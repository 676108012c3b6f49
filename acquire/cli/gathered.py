"""Options that several commands take: a parameter that is a dataclass stands for its fields."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any


def gathered(command: Callable[..., None]) -> Callable[..., None]:
    """Have the fields of dataclasses among a command's parameters be options of its own.

    They are annotated as a command's parameters are; the command is handed the dataclasses.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[Any, list[inspect.Parameter]] = {}
    signature = inspect.signature(command, eval_str=True)
    for one in signature.parameters.values():
        own = [one]
        if isinstance(one.annotation, type) and is_dataclass(one.annotation):
            own = list(inspect.signature(one.annotation, eval_str=True).parameters.values())
            groups[one] = own
        parameters += [part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in own]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for one, own in groups.items():
            given[one.name] = one.annotation(**{part.name: given.pop(part.name) for part in own})
        command(**given)

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {part.name: part.annotation for part in parameters}
    return run
