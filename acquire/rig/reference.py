"""The reference of the rig file, made from the models that check it: `docs/rig-file.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from acquire.rig.file import DeviceTable, EegTable, Expect, RigTable
from acquire.rig.foreign_driver import describe
from acquire.rig.node import NodeTable
from devices import registry
from devices.base import DeviceError

INTRODUCTION = """\
# The rig file

Made from the program's own models by `unisono rig reference`; a test keeps it true.

A rig file is TOML. A key that is not listed here is an error, with the nearest one suggested.
Relative paths are relative to the rig file. `unisono rig new FILE` writes one to start from,
`unisono rig check FILE` checks one without starting anything.
"""

TABLES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("[rig]", "The rig as a whole.", RigTable),
    ("[eeg]", "What BIDS asks about a montage and no amplifier can tell.", EegTable),
    (
        "[[expect]]",
        "A stream of another program that has to be there; what is left out matches anything.",
        Expect,
    ),
    (
        "[[node]]",
        "Another computer that devices run on; `unisono pair` writes it.",
        NodeTable,
    ),
    ("[[device]]", "One device; further keys are its driver's, below.", DeviceTable),
)


def reference() -> str:
    """Write the reference as Markdown."""
    parts = [INTRODUCTION]
    for title, text, model in TABLES:
        parts.append(f"\n## `{title}`\n\n{text}\n\n{_table(model.model_json_schema())}")
    parts.append("\n## Drivers\n")
    for name in registry.names():
        try:
            summary, schema = describe(name, None)
        except DeviceError:
            continue
        parts.append(f"\n### `{name}`\n\n{_sentence(summary)}\n")
        parts.append(f"\n{_table(schema, skip=('name',))}")
    return "".join(parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _table(schema: dict[str, Any], skip: tuple[str, ...] = ()) -> str:
    rows = list(_rows(schema, skip))
    if not rows:
        return "No keys of its own.\n"
    head = "| key | type | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(
    schema: dict[str, Any], skip: tuple[str, ...], prefix: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    definitions = schema.get("$defs", {})
    required = schema.get("required", ())
    for key, field in schema["properties"].items():
        if key in skip:
            continue
        name, tables = f"{prefix}{key}", list(_tables(field, definitions))
        if "$ref" not in field or not tables:  # else its keys say it all
            default = "required" if key in required else _toml(field.get("default"))
            yield f"`{name}`", _type(field, definitions), default, field.get("description", "")
        for table, sign in tables:
            yield from _rows({**table, "$defs": definitions}, (), f"{name}{sign}.")


def _tables(
    field: dict[str, Any], definitions: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Give the tables that a key holds, and what its name gets where there are several."""
    for option in field.get("anyOf", (field,)):
        target = _resolve(option, definitions)
        if "properties" in target:
            yield target, ""
        elif "properties" in (item := _resolve(target.get("items", {}), definitions)):
            yield item, "[]"


def _resolve(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in field:
        target: dict[str, Any] = definitions[field["$ref"].rsplit("/", 1)[-1]]
        return target
    return field


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    field = _resolve(field, definitions)
    if "anyOf" in field:
        options = [_type(f, definitions) for f in field["anyOf"] if f.get("type") != "null"]
        return " or ".join(dict.fromkeys(options))
    if "enum" in field:
        return ", ".join(_toml(value) for value in field["enum"])
    if "const" in field:
        return _toml(field["const"])
    name = "path" if field.get("format") == "path" else str(field.get("type", "any"))
    if name == "array" and "items" in field:
        name += f" of {_type(field['items'], definitions)}"
    return name.replace("object", "table") + _limits(field)


def _limits(field: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[key]:g}" for key, sign in words.items() if key in field]
    return f" ({', '.join(limits)})" if limits else ""


def _toml(value: Any) -> str:
    return "" if value is None else f"`{json.dumps(value)}`"
