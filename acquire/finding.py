"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remedy` is empty where all is well."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    remedy: str = ""
