"""Whether the parts of a protocol file fit together; each alone is right already."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from typing import Final

from acquire.protocol.model import (
    VARIABLES,
    Block,
    Clip,
    Image,
    Instruction,
    Protocol,
    Rating,
    Step,
)
from acquire.protocol.scales import BUILT_IN, ScaleTable
from acquire.validation_text import suggestion

KEYS: Final = frozenset(
    {"space", "enter", "escape", "tab", "backspace", "left", "right", "up", "down"}
)
"""The keys with a name; every other one is called by what it types, in lower case."""

_OF_FORMATS: Final = frozenset(".[]{}!:")
"""What means something else in braces."""


def problems(protocol: Protocol) -> Iterable[str]:
    """Say what does not fit together: names, codes, conditions, orders."""
    file = protocol.file
    yield from _doubles("stimulus", (s.name for s in file.stimulus))
    yield from _doubles("block", (b.name for b in file.block))
    yield from _variable_problems("variables", file.variables)
    for name, variables in file.condition.items():
        yield from _variable_problems(f"condition.{name}", variables)
    for place, block in ((f"block {b.name!r}", b) for b in file.block):
        yield from _block_problems(protocol, place, block)
    yield from _stop_key_problems(protocol)
    yield from _code_problems(protocol)


def _doubles(what: str, names: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name!r}: the name is used twice; rename one"
        seen.add(name)


def _variable_problems(place: str, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        if name in VARIABLES:
            yield f"{place}.{name}: the player gives this one itself; take another name"
        elif not name or name.isdecimal() or set(name) & _OF_FORMATS:
            yield (
                f"{place}.{name or repr(name)}: cannot be named in braces; take letters, digits "
                "and '_', a letter first"
            )


def _block_problems(protocol: Protocol, place: str, block: Block) -> Iterable[str]:
    file = protocol.file
    known = set(protocol.stimuli) | {s.category for s in file.stimulus} | {"*"}
    for wanted in block.stimuli:
        if wanted not in known or not file.stimulus:
            named = (
                suggestion(wanted, known - {"", "*"}) or "; there is no [[stimulus]] to choose from"
            )
            yield f"{place}: no stimulus or category {wanted!r}{named}"
    for condition in block.conditions:
        if condition not in file.condition:
            hint = suggestion(condition, file.condition) or "; add this table"
            yield f"{place}: no [condition.{condition}]{hint}"
    for number, step in enumerate(block.step):
        yield from _step_problems(protocol, f"{place}, step {number + 1}", block, step)
    chosen = protocol.chosen(block)
    if block.order == "no-repeat":
        most = max((sum(s.category == o.category for s in chosen) for o in chosen), default=0)
        if most * 2 > len(chosen) + (block.repeat == 1):
            yield (
                f"{place}: {most} of {len(chosen)} stimuli are of one category, so that two must "
                'follow each other; add others, or take order = "shuffled"'
            )


def _step_problems(protocol: Protocol, place: str, block: Block, step: Step) -> Iterable[str]:
    if isinstance(step, Clip | Image):
        if step.stimulus is None and not block.stimuli:
            yield f"{place}: shows no stimulus; name one, or give the block `stimuli`"
        if step.stimulus is not None and step.stimulus not in protocol.stimuli:
            hint = suggestion(step.stimulus, protocol.stimuli)
            yield f"{place}: no stimulus {step.stimulus!r}{hint}"
    if isinstance(step, Rating):
        yield from _rating_problems(protocol, place, step)
    for condition in step.when:
        if condition not in block.conditions:
            hint = suggestion(condition, block.conditions) or "; give the block `conditions`"
            yield f"{place}: when: {condition!r} is no condition of this block{hint}"
    for name in getattr(step, "keys", ()):
        yield from _key_problems(f"{place}: keys", name)
    if isinstance(step, Instruction) and not step.keys and step.duration_s is None:
        yield f'{place}: no key and no duration_s would end it; give one, or take kind = "pause"'
    yield from _text_problems(protocol, f"{place}: text", getattr(step, "text", ""))


def _rating_problems(protocol: Protocol, place: str, step: Rating) -> Iterator[str]:
    scales = {**BUILT_IN, **protocol.file.scale}
    for name in step.scales:
        if name not in scales:
            yield f"{place}: no scale {name!r}{suggestion(name, scales)}"
        else:
            for prompt in dict.fromkeys(item.prompt for item in protocol.scale(name).items):
                yield from _text_problems(protocol, f"{place}: prompt of {name!r}", prompt)
    if len(set(step.scales)) < len(step.scales):
        yield f"{place}: scales: one is named twice; take one out, or ask it in a step of its own"


def _text_problems(protocol: Protocol, place: str, text: str) -> Iterator[str]:
    file = protocol.file
    allowed = VARIABLES | set(file.variables) | {v for c in file.condition.values() for v in c}
    try:
        parts = [part[1:] for part in string.Formatter().parse(text) if part[1] is not None]
    except ValueError:
        yield f"{place}: a brace stands alone; write {{{{ or }}}} for one that is to be seen"
        return
    for variable, form, conversion in parts:
        if variable not in allowed:
            yield f"{place}: no variable {{{variable}}}{suggestion(str(variable), allowed)}"
        elif form or conversion:
            yield f"{place}: {{{variable}}} can have no format; leave out what follows its name"


def _key_problems(place: str, name: str) -> Iterator[str]:
    typed = len(name) == 1 and name.isprintable() and name != " " and name == name.lower()
    if name not in KEYS and not typed:
        near = f"; did you mean {name.lower()!r}?" if len(name) == 1 and name != " " else ""
        yield f"{place}: no key is called {name!r}{near or suggestion(name, KEYS)}"


def _stop_key_problems(protocol: Protocol) -> Iterator[str]:
    """Say why the participant could not stop, or would stop by chance."""
    name, remedy = protocol.file.protocol.stop_key, 'take another, such as "escape"'
    yield from _key_problems("protocol.stop_key", name)
    scales = {**BUILT_IN, **protocol.file.scale}
    for block in protocol.file.block:
        for number, step in enumerate(block.step):
            used = name in getattr(step, "keys", ())
            if isinstance(step, Rating):
                used = any(_answers(scales[s], name) for s in step.scales if s in scales)
                used |= step.skippable and name == "tab"
            if used:
                place = f"block {block.name!r}, step {number + 1}"
                yield f"protocol.stop_key: {name!r} is a key of {place}, too; {remedy}"


def _answers(scale: ScaleTable, name: str) -> bool:
    """Whether a key may be part of an answer."""
    match scale.kind:
        case "text":
            return len(name) == 1 or name in ("space", "enter", "backspace")
        case "slider":
            return name in ("left", "right", "enter")
    return name.isdecimal()


def _code_problems(protocol: Protocol) -> Iterable[str]:
    """Say which code means two things; one end code may end many."""
    meaning: dict[int, str] = {}
    steps = [(block, step) for block in protocol.file.block for step in block.step]
    onsets = [(s.code, f"stimulus {s.name!r}") for s in protocol.file.stimulus]
    onsets += [(step.code, f"step {step.title!r} of {block.name!r}") for block, step in steps]
    for code, what in onsets:
        if code is None:
            continue
        if code in meaning:
            yield f"code {code} means both {meaning[code]} and {what}; give one another code"
        meaning[code] = what
    for block, step in steps:
        if step.end_code in meaning:
            yield (
                f"code {step.end_code} means both {meaning[step.end_code]} and the end of step "
                f"{step.title!r} of {block.name!r}; give one another code"
            )
