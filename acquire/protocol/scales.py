"""Rating scales, and the items that a participant answers one at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from acquire.errors import ControlError

Value = int | float | str
Dimension = Literal["valence", "arousal", "dominance"]

SAM_POINTS: Final = 9
MAX_TEXT: Final = 2000
PANAS: Final = (
    *("interested", "distressed", "excited", "upset", "strong", "guilty", "scared", "hostile"),
    *("enthusiastic", "proud", "irritable", "alert", "ashamed", "inspired", "nervous"),
    *("determined", "attentive", "jittery", "active", "afraid"),
)
"""The twenty words of Watson, Clark & Tellegen (1988), in their order."""
PANAS_LABELS: Final = (
    "very slightly or not at all",
    "a little",
    "moderately",
    "quite a bit",
    "extremely",
)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Sam(_Table):
    """Nine manikins: `valence`, `arousal` or `dominance`."""

    kind: Literal["sam"]
    dimension: Dimension
    prompt: str = ""
    low: str = ""
    high: str = ""


class Choice(_Table):
    """One of several; with `intensity` = n, then how strong, from 1 to n."""

    kind: Literal["choice"]
    prompt: str
    options: tuple[str, ...] = Field(min_length=2, max_length=12)
    intensity: int = Field(default=0, ge=0, le=9)
    intensity_prompt: str = "How strongly?"

    @model_validator(mode="after")
    def _different(self) -> Choice:
        if len(set(self.options)) < len(self.options) or "" in self.options:
            raise ValueError("options must be different, and none empty")
        return self


class Slider(_Table):
    """A line between two ends."""

    kind: Literal["slider"]
    prompt: str
    low: str = ""
    high: str = ""
    minimum: float = Field(default=0.0, allow_inf_nan=False)
    maximum: float = Field(default=100.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Slider:
        if self.maximum <= self.minimum:
            raise ValueError(f"maximum {self.maximum:g} is not above minimum {self.minimum:g}")
        return self


class Likert(_Table):
    """Labelled points from 1 on, for one item or several."""

    kind: Literal["likert"]
    prompt: str
    labels: tuple[str, ...] = Field(min_length=2, max_length=9)
    items: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _different(self) -> Likert:
        if len(set(self.items)) < len(self.items) or "" in self.items:
            raise ValueError("items must be different, and none empty")
        return self


class Text(_Table):
    """Free text."""

    kind: Literal["text"]
    prompt: str


class Panas(_Table):
    """Twenty words, each from 1 to 5."""

    kind: Literal["panas"]
    prompt: str = "To what extent do you feel this way right now?"


SCALES: Final[dict[str, type[BaseModel]]] = {
    "sam": Sam,
    "choice": Choice,
    "slider": Slider,
    "likert": Likert,
    "text": Text,
    "panas": Panas,
}
ScaleTable = Annotated[Sam | Choice | Slider | Likert | Text | Panas, Field(discriminator="kind")]

_MANIKINS: Final[tuple[tuple[Dimension, str, str, str], ...]] = (
    ("valence", "How pleasant did you feel?", "unpleasant", "pleasant"),
    ("arousal", "How aroused did you feel?", "calm", "excited"),
    ("dominance", "How much in control did you feel?", "controlled", "in control"),
)
BUILT_IN: Final[dict[str, ScaleTable]] = {
    **{
        dimension: Sam(kind="sam", dimension=dimension, prompt=prompt, low=low, high=high)
        for dimension, prompt, low, high in _MANIKINS
    },
    "panas": Panas(kind="panas"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One question on one page."""

    id: str  # in markers and in ratings.tsv
    kind: Literal["sam", "choice", "likert", "slider", "text"]
    prompt: str
    subject: str = ""  # the word that is rated, where the prompt is about several
    labels: tuple[str, ...] = ()  # of a choice or a Likert item
    low: str = ""
    high: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    dimension: Dimension | None = None

    def check(self, value: Any) -> Value:
        """Give an answer as it is stored.

        Raises:
            ControlError: it is no answer to this question.
        """
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.kind == "text" and isinstance(value, str) and len(value) <= MAX_TEXT:
            return " ".join(value.split())  # one line, as a table needs it
        if self.kind == "choice" and isinstance(value, str) and value in self.labels:
            return value
        if number and math.isfinite(value) and self.minimum <= value <= self.maximum:
            if self.kind == "slider":
                return float(value)
            if self.kind in ("sam", "likert") and value == int(value):
                return int(value)
        raise ControlError(f"{self.id}: {value!r} is no answer; {self._allowed}")

    @property
    def _allowed(self) -> str:
        match self.kind:
            case "text":
                return f"a text of at most {MAX_TEXT} characters is"
            case "choice":
                return f"one of {', '.join(self.labels)} is"
        return f"{self.minimum:g} to {self.maximum:g} is"


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale by its name."""

    name: str
    table: ScaleTable

    @property
    def items(self) -> tuple[Item, ...]:
        """Its questions, in order."""
        match self.table:
            case Sam() as t:
                manikins = Item(
                    self.name,
                    "sam",
                    t.prompt,
                    low=t.low,
                    high=t.high,
                    minimum=1,
                    maximum=SAM_POINTS,
                    dimension=t.dimension,
                )
                return (manikins,)
            case Choice() as t:
                first = Item(self.name, "choice", t.prompt, labels=t.options)
                points = tuple(str(n) for n in range(1, t.intensity + 1))
                how = Item(
                    f"{self.name}.intensity",
                    "likert",
                    t.intensity_prompt,
                    labels=points,
                    minimum=1,
                    maximum=t.intensity,
                )
                return (first, how) if t.intensity else (first,)
            case Slider() as t:
                line = Item(
                    self.name,
                    "slider",
                    t.prompt,
                    low=t.low,
                    high=t.high,
                    minimum=t.minimum,
                    maximum=t.maximum,
                )
                return (line,)
            case Text() as t:
                return (Item(self.name, "text", t.prompt),)
            case Likert() as t:
                return self._points(t.prompt, t.items, t.labels)
            case Panas() as t:
                return self._points(t.prompt, PANAS, PANAS_LABELS)

    def _points(
        self, prompt: str, subjects: tuple[str, ...], labels: tuple[str, ...]
    ) -> tuple[Item, ...]:
        return tuple(
            Item(
                f"{self.name}.{subject}" if subject else self.name,
                "likert",
                prompt,
                subject,
                labels,
                minimum=1,
                maximum=len(labels),
            )
            for subject in subjects or ("",)
        )
