"""Sentences that remember what they were made of, so that a window says them in its language.

A `Said` is the English text, wherever it goes. The windows' catalogue has the templates:
`tests/gui/texts_found.py` finds each `said("…")`.
"""

from __future__ import annotations


class Said(str):
    """A sentence: `template` with `values` in the places of its `{}`."""

    __slots__ = ("template", "values")
    template: str
    values: tuple[object, ...]


def said(template: str, *values: object) -> Said:
    """Make a sentence; values may be sentences, too. Numbers are written as they are to be read."""
    text = Said(template.format(*values))
    text.template, text.values = template, values
    return text
