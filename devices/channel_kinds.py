"""What kind of signal a channel carries, guessed from its label as labs write them."""

from __future__ import annotations

import re
from typing import Final

KINDS: Final = frozenset(
    ["EEG", "EOG", "ECG", "EMG", "EDA", "GSR", "PPG", "RSP", "SKT", "BVP", "TRIGGER"]
)
_OTHER_WORDS: Final = {
    "HEO": "EOG", "VEO": "EOG", "HEOG": "EOG", "VEOG": "EOG", "EKG": "ECG", "RESP": "RSP",
    "SCR": "EDA", "SCL": "EDA", "TEMP": "SKT", "PULSE": "PPG", "STATUS": "Trigger",
    "TRIG": "Trigger", "MARKER": "Trigger",
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z]+")


def kind_of(label: str, default: str = "") -> str:
    """Return the kind that a word of the label names (`ECG - ECG100C` is ECG), or `default`."""
    for word in _WORD.findall(label.upper()):
        if word in KINDS:
            return "Trigger" if word == "TRIGGER" else word
        if word in _OTHER_WORDS:
            return _OTHER_WORDS[word]
    return default
