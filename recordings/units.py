"""Units as anybody writes them: `microvolts`, `uV`, `µV`… An unknown unit is never taken for one.

A unit is a prefix and a base, `µ` and `V`. Pure look-ups, no file in sight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PREFIXES: Final = {"": 1.0, "m": 1e-3, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "k": 1e3}
_PREFIX_WORDS: Final = {"milli": "m", "micro": "µ", "nano": "n", "pico": "p", "kilo": "k"}
_BASES: Final = {
    "v": "V", "volt": "V", "volts": "V", "в": "V",
    "s/cm": "S/cm", "siemens": "S",
    "celsius": "°C", "degc": "°C", "°c": "°C", "oc": "°C",
    "tesla": "T", "ohm": "Ω", "ohms": "Ω", "ω": "Ω",
    "second": "s", "seconds": "s", "sec": "s",
}  # fmt: skip
# Symbols whose letters mean something else in the other case: mS and ms.
_EXACT: Final = {
    letter + base: (prefix, base)
    for base in ("S", "s", "T", "g")
    for letter, prefix in {"": "", "m": "m", "u": "µ", "µ": "µ", "n": "n", "p": "p"}.items()
} | {
    "mcV": ("µ", "V"),
    "мкВ": ("µ", "V"),
    "МкВ": ("µ", "V"),
    "мВ": ("m", "V"),
    "C": ("", "°C"),
}
_AROUND: Final = " \t[](){}'\"."


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is known: `prefix` of `PREFIXES` and `base`, as `µ` and `V`."""

    prefix: str
    base: str

    @property
    def factor(self) -> float:
        """What a value is multiplied with to be in the base."""
        return PREFIXES[self.prefix]

    @property
    def symbol(self) -> str:
        """As it is printed: `µV`."""
        return self.prefix + self.base


def parse_unit(text: str) -> Unit | None:
    """Return the unit that a text names; None where it names none that is known."""
    text = text.strip(_AROUND).replace("\u03bc", "µ")
    if text in _EXACT:
        return Unit(*_EXACT[text])
    lower = re.sub("^(milli|micro|nano|pico|kilo) ", r"\1", text.lower())
    if lower in _BASES:
        return Unit("", _BASES[lower])
    if text.startswith("M") and not lower.startswith(("milli", "micro")):
        return None  # mega: a skin's resistance is told in MOhm
    for word, prefix in (*_PREFIX_WORDS.items(), ("u", "µ"), ("µ", "µ"), ("m", "m"), ("n", "n"),
                         ("p", "p"), ("k", "k")):  # fmt: skip
        base = _BASES.get(lower.removeprefix(word)) if lower.startswith(word) else None
        if base:
            return Unit(prefix, base)
    return None


def to_volts(text: str) -> float | None:
    """Return what a value is multiplied with to be in volts; None where it is no voltage."""
    unit = parse_unit(text)
    return unit.factor if unit and unit.base == "V" else None


def ascii_symbol(text: str) -> str:
    """Return a unit in ASCII, as EDF and BIDS write it: `uV`, `degC`; any other as it is."""
    unit = parse_unit(text)
    symbol = unit.symbol if unit else text
    for letter, plain in (("µ", "u"), ("\u03bc", "u"), ("Ω", "Ohm"), ("°", "deg")):
        symbol = symbol.replace(letter, plain)
    return symbol


def lsl_word(text: str) -> str:
    """Return a unit in the words of LSL's meta-data, `microvolts`; any other as it is."""
    unit = parse_unit(text)
    words = {symbol: word for word, symbol in _PREFIX_WORDS.items()}
    names = {"V": "volts", "S": "siemens"}
    if unit is None or unit.base not in names:
        return "" if is_no_unit(text) else text
    return words.get(unit.prefix, "") + names[unit.base]


def is_no_unit(text: str) -> bool:
    """Whether a text stands where there is no unit to be named: `n/a`, `-`."""
    return text.strip().casefold() in ("", "n/a", "na", "none", "-")
