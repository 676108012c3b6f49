"""How everything looks: one set of colours for the report, the windows and the web page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DARK: Final[Mapping[str, str]] = {
    "ground": "#15181C",
    "panel": "#1C2127",
    "line": "#2B323A",
    "text": "#E7EAEE",
    "muted": "#98A2AE",
    "accent": "#5AA9E6",
    "alive": "#4CC38A",
    "warning": "#F2B84B",
    "failed": "#F2645A",
    "recording": "#EB5258",
}

LIGHT: Final[Mapping[str, str]] = {
    "ground": "#F6F7F9",
    "panel": "#FFFFFF",
    "line": "#D9DEE4",
    "text": "#1A1F26",
    "muted": "#5A6572",
    "accent": "#1F6FB2",
    "alive": "#167A4C",
    "warning": "#8F5B00",
    "failed": "#C4362B",
    "recording": "#C92A2F",
}

# Signals by kind, colour-blind safe; what is not here takes the accent, markers the text colour.
SIGNALS: Final[Mapping[str, str]] = {
    "EOG": "#56B4E9",
    "ECG": "#E06C5F",
    "PPG": "#E69F00",
    "RSP": "#009E73",
    "EDA": "#CC79A7",
    "SKT": "#A9A36B",
}

# A state is a glyph and a word as well as a colour.
GLYPHS: Final[Mapping[str, str]] = {
    "alive": "●",
    "warning": "▲",
    "failed": "✖",
    "missing": "○",
}

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"


def css_variables(tokens: Mapping[str, str]) -> str:
    """Return the tokens as CSS custom properties: `--ground: #15181C; …`."""
    return " ".join(f"--{name}: {colour};" for name, colour in tokens.items())


def signal_colour(kind: str) -> str:
    """Return the CSS colour of a signal of that kind."""
    return SIGNALS.get(kind, "var(--text)" if kind == "Markers" else "var(--accent)")
