"""Words for what pydantic found wrong in somebody's settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError


def first_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Say in one line what is wrong with the first bad key, and what would be right."""
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = model.model_fields if model is not None else ()
        return f"{where}: unknown key{suggestion(str(problem['loc'][-1]), known)}"
    if problem["type"] == "missing":
        return f"{where}: missing; add this key"
    text = problem["msg"].removeprefix("Value error, ")
    text = text.replace("a valid tuple", "an array").replace("a valid dictionary", "a table")
    value = problem["input"]
    if not where:  # the whole of them do not fit together
        return text
    return f"{where}: {text}" + (f", got {value!r}" if not isinstance(value, dict) else "")


def model_at(model: type[BaseModel], path: Iterable[int | str]) -> type[BaseModel] | None:
    """Follow keys into the models nested in `model`; None where they lead to something else."""
    inner: type[Any] | None = model
    for key in path:
        field = inner.model_fields.get(str(key)) if inner else None
        kind = field.annotation if field else None
        inner = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return inner


def suggestion(word: str, known: Iterable[str]) -> str:
    """Give '; did you mean …?' or '; known: …' for a word that is not known."""
    names = sorted(known)
    if close := difflib.get_close_matches(word, names, 1):
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
