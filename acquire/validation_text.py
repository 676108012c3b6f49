"""Words for what pydantic found wrong in somebody's settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def first_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Say in one line what is wrong with the first bad key of a `model`, and what would be right.

    A key that is unknown comes first: the one that is missing may well be that, mistyped.
    """
    problems = error.errors()
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    *path, key = problem["loc"] or ("",)
    where = ".".join(map(str, (*path, key)))
    if problem["type"] == "extra_forbidden":
        inner = _model_at(model, path)
        return f"{where}: unknown key{suggestion(str(key), inner.model_fields if inner else ())}"
    if problem["type"] == "missing":
        return f"{where}: missing; add this key"
    text = problem["msg"].removeprefix("Value error, ")
    text = text.replace("a valid tuple", "an array").replace("a valid dictionary", "a table")
    text = text.partition(" or instance of ")[0]
    value = problem["input"]
    if not where:  # the whole of them do not fit together
        return text
    return f"{where}: {text}" + (f", got {value!r}" if not isinstance(value, dict) else "")


def _model_at(model: type[BaseModel] | None, path: Iterable[int | str]) -> type[BaseModel] | None:
    """Follow keys into the models nested in `model`; None where they lead to something else."""
    for key in path:
        if isinstance(key, str):  # not the place in an array
            field = model.model_fields.get(key) if model else None
            model = _model_in(field.annotation) if field else None
    return model


def _model_in(kind: Any) -> type[BaseModel] | None:
    """Find the model that a field is, may be, or has many of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next(filter(None, map(_model_in, get_args(kind))), None)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Give '; did you mean …?' or '; known: …' for a word that is not known."""
    names = sorted(known)
    if close := difflib.get_close_matches(word, names, 1):
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
