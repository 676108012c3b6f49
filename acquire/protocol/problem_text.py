"""Words for what pydantic found wrong in a protocol file: where, what, and what would be right.

A place is called as the file calls it: `block 'clips', step 2: duration_s`, `scale.x.options`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from acquire.validation_text import suggestion

Kinds = Mapping[str, type[BaseModel]]

_PATTERNS: Final = {
    "name": "must be letters, digits, '.', '_' and '-', 64 at most",
    "background": 'must be a colour such as "#808080"',
    "sha256": "must be 64 hexadecimal digits in lower case",
}


def problem_text(
    error: ValidationError, raw: Mapping[str, Any], kinds: Mapping[str, Kinds], file: Kinds
) -> str:
    """Say in one line what is wrong with the first bad key.

    Args:
        error: what pydantic says.
        raw: the file as TOML has it.
        kinds: what `kind` can be, by the key of the table that has one (`step`, `scale`).
        file: the tables that have none, by the key they stand under; "" = the file itself.
    """
    problem = _first(error.errors())
    path = problem["loc"]
    where = _place(path, raw, is_missing=problem["type"] == "missing")
    table = "scale" if path[0] == "scale" else "step"
    match problem["type"]:
        case "extra_forbidden":
            model = _model(path, kinds, file)
            return f"{where}: unknown key{suggestion(str(path[-1]), model.model_fields)}"
        case "missing":
            return f"{where}: missing; add this key"
        case "union_tag_not_found":
            return f"{where}: kind: missing; known: {', '.join(sorted(kinds[table]))}"
        case "union_tag_invalid":
            tag = str((problem.get("ctx") or {}).get("tag", ""))
            return f"{where}: unknown kind of {table} {tag!r}{suggestion(tag, kinds[table])}"
    value = problem["input"]
    got = "" if isinstance(value, dict) else f", got {_short(value)}"
    return f"{where}: {_what(problem)}{got}"


def _first(problems: list[Any]) -> Any:
    """Take the first; a key that is missing because it is misspelt is unknown, which helps more."""
    first = problems[0]
    if first["type"] == "missing":
        beside = (p for p in problems if p["loc"][:-1] == first["loc"][:-1])
        return next((p for p in beside if p["type"] == "extra_forbidden"), first)
    return first


def _place(path: Iterable[int | str], raw: Any, *, is_missing: bool) -> str:
    tables: list[str] = []
    keys: list[str] = []
    parts, at = [*path], raw
    for number, part in enumerate(parts):
        if isinstance(part, int) and isinstance(at, list) and part < len(at):
            at = at[part]
            if isinstance(at, dict):
                tables.append(_entry(keys.pop(), part, at))
            else:
                keys[-1] += f" {part + 1}"
        elif isinstance(at, dict) and part in at:
            at = at[part]
            keys.append(str(part))
        elif is_missing and number == len(parts) - 1:
            keys.append(str(part))
        # Else it is a word of pydantic's own: a kind, or a type.
    return ": ".join(filter(None, (", ".join(tables), ".".join(keys))))


def _entry(key: str, number: int, table: Mapping[str, Any]) -> str:
    name = table.get("name")
    if key != "step" and isinstance(name, str):
        return f"{key} {name!r}"
    return f"{key} {number + 1}"


def _model(path: tuple[int | str, ...], kinds: Mapping[str, Kinds], file: Kinds) -> type[BaseModel]:
    """Find the table that a key stands in."""
    words = [part for part in path[:-1] if isinstance(part, str)]
    table = "scale" if path[0] == "scale" else "step"
    for word in reversed(words):
        if word in kinds[table] and table in words[: words.index(word)]:
            return kinds[table][word]
        if word in file:
            return file[word]
    return file[""]


def _what(problem: Any) -> str:
    key = next((str(part) for part in reversed(problem["loc"]) if str(part) in _PATTERNS), "")
    match problem["type"]:
        case "string_pattern_mismatch" if key:
            return _PATTERNS[key]
        case "int_type" | "int_from_float":
            return "must be a whole number"
        case "tuple_type" if isinstance(problem["input"], dict):
            return "must be a list of tables; write its header in double brackets, [[…]]"
        case "tuple_type":
            return 'must be a list, such as ["one"]'
        case "model_type" | "dict_type" | "model_attributes_type":
            return "must be a table"
        case "too_short":
            least = problem["ctx"]["min_length"]
            return f"must have {least} {'entry' if least == 1 else 'entries'} or more"
        case "too_long":
            return f"must have {problem['ctx']['max_length']} entries at most"
        case "float_type" if "constrained-float" in problem["loc"]:
            return "must be seconds, or [shortest, longest]"
    text: str = problem["msg"]
    return text.removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]} …"
