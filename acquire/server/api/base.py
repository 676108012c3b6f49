"""What all messages of the control API have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=4000)]
LABEL = r"^[A-Za-z0-9]+$"
STUDY = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=LABEL)]
Study = Annotated[str, Field(min_length=1, max_length=64, pattern=STUDY)]
SIGNS = {LABEL: "letters and digits", STUDY: "letters, digits, - and _"}
"""What a text of a pattern may have, in words."""


class Asked(BaseModel):
    """What a client sends; a key that is not known is refused."""

    # Built at once, unlike all others: FastAPI silences what pydantic warns of its own use of
    # `Field` only while the application is made, and a later build would say it at the terminal.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True, defer_build=True)
