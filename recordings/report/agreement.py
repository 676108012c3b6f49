"""The page of `unisono coding agreement --html`: agreement of coders, with plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from recordings.annotation.agreement.comparison import NO_UNIT, Agreement
from recordings.annotation.agreement.measures import Ratio, limits_of_agreement
from recordings.annotation.agreement.study_agreement import PairAgreement, StudyAgreement
from recordings.annotation.model import MARKS
from recordings.report.drawing import Scale, clock, frame, line, nice_ticks, svg
from recordings.report.page import page_colours, page_environment

_PLOT: Final = (420, 200)  # pixels


def render(study: StudyAgreement) -> str:
    """Return the HTML."""
    environment = page_environment()
    environment.filters["share"] = share
    environment.filters["figure"] = figure
    whole = [pair for pair in study.pairs if not pair.session]
    return environment.get_template("agreement.html.j2").render(
        css=page_colours(),
        pairs=[_pair(pair, study.pairs) for pair in whole],
        progress=study.progress,
        problems=study.problems,
        notes=study.notes,
    )


def share(ratio: Ratio) -> str:
    """Write a share as `0.83 (10/12)`, or that there is none."""
    return "–" if ratio.value is None else f"{ratio.value:.2f} ({ratio.count:g}/{ratio.of:g})"


def figure(value: float | None) -> str:
    """Write a figure, – where it could not be computed."""
    return "–" if value is None else f"{value:.2f}".replace("-0.00", "0.00")


def _pair(pair: PairAgreement, every: Sequence[PairAgreement]) -> dict[str, Any]:
    key = (pair.first, pair.second, pair.relation)
    sessions = [p for p in every if (p.first, p.second, p.relation) == key and p.session]
    return {
        "pair": pair,
        "all": pair.agreement,
        "sessions": sessions,
        "plots": _plots(pair.agreement),
        "confusion": _matrix(pair.agreement),
    }


def _plots(agreement: Agreement) -> list[tuple[str, Markup, str]]:
    out: list[tuple[str, Markup, str]] = []
    for mark in MARKS:
        points = [(p.mean_s, p.difference_ms) for p in agreement.points if p.mark == mark]
        if not points:
            continue
        apart = np.array([y for _, y in points])
        bias = float(apart.mean())
        note = f"{len(points)} events, mean {bias:+.1f} ms"
        out.append((mark, Markup(_bland_altman(points, bias, limits_of_agreement(apart))), note))
    return out


def _matrix(agreement: Agreement) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Return the units, and a row of counts for each of the first's; `none` comes last."""
    counts = {(c.first, c.second): c.count for c in agreement.confusion}
    names = {name for pair in counts for name in pair} - {NO_UNIT}
    order = [*sorted(names, key=int), NO_UNIT] if names else []
    return order, [(a, [counts.get((a, b), 0) for b in order]) for a in order]


def _bland_altman(
    points: Sequence[tuple[float, float]], bias: float, limits: tuple[float, float] | None
) -> str:
    """Draw differences (ms) over means (s), with their mean and the limits of agreement."""
    width, height = _PLOT
    reach = max((abs(y) for _, y in points), default=0.0)
    reach = max(reach, *(abs(limit) for limit in limits or (0.0,)), 1.0) * 1.15
    last = max((x for x, _ in points), default=1.0)
    first = min((x for x, _ in points), default=0.0)
    x = Scale(first, max(last, first + 1.0), 62, width - 26)
    y = Scale(-reach, reach, height - 24, 8)
    ticks = [(at, clock(at)) for at in nice_ticks(x.low, x.high, 4)]
    dots = "".join(f"M{x(at):.1f} {y(value):.1f}h0" for at, value in points)
    parts = [*frame(x, y, ticks, "ms"), line(x.left, y(bias), x.right, y(bias), "event")]
    parts += [line(x.left, y(at), x.right, y(at), "nominal") for at in limits or ()]
    parts.append(f'<path class="dots" d="{dots}"/>')
    return svg(width, height, "Differences of boundaries", parts)
