"""How a server of ours says that something was not done."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from acquire.plain_text import told

Told = Annotated[str, BeforeValidator(told)]
"""Words that may repeat what somebody has sent."""


class Problem(BaseModel):
    """Why something was not done, and what to do about it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    code: str
    text: Told
    remedy: Told

    @classmethod
    def of(cls, code: str, text: str, otherwise: str) -> Problem:
        """Take one of our errors: its remedy is what follows the last semicolon.

        `otherwise` is the remedy of a text without one.
        """
        text, semicolon, remedy = " ".join(text.split()).rpartition("; ")
        if not semicolon:
            text, remedy = remedy, otherwise
        return cls(code=code, text=text, remedy=remedy)
