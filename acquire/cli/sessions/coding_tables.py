"""Tables of agreement between coders, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acquire.cli.tables import plain_console, plain_table
from recordings.report.agreement import figure, share

if TYPE_CHECKING:
    from rich.console import Console

    from recordings.annotation.agreement.study_agreement import PairAgreement, StudyAgreement

_WIDTH: Final = 170
"""A narrower terminal wraps such lines, which is better than figures that are cut off."""


def agreement_tables(study: StudyAgreement) -> None:
    """Print agreement by pair and session, boundaries and units by pair, and progress."""
    console = plain_console(_WIDTH)
    if not study.pairs:
        console.print("no two coders have looked at the same frames")
    for pair in study.pairs:
        if not pair.session:
            _summary(console, pair, study)
            _boundaries(console, pair)
            _units(console, pair)
    _progress(console, study)


def _summary(console: Console, whole: PairAgreement, study: StudyAgreement) -> None:
    console.print(f"\n{whole.first} and {whole.second}, {whole.relation}")
    table = plain_table(
        "session", ">events", ">precision", ">recall", ">F1", ">by apex", ">by onset", ">units",
        ">+ side", ">+ intensity", ">units of all", ">emotion κ",
    )  # fmt: skip
    for row in study.pairs:
        if (row.first, row.second, row.relation) != (whole.first, whole.second, whole.relation):
            continue
        a = row.agreement
        hits = a.by_interval
        table.add_row(
            row.session or "all",
            f"{hits.hits} of {hits.first}/{hits.second}",
            figure(hits.precision),
            figure(hits.recall),
            figure(hits.f1),
            *(f"{h.hits} of {h.first}/{h.second}" for h in (a.by_apex, a.by_onset)),
            *(share(r) for r in (a.units_of_pairs.number, a.units_of_pairs.side)),
            *(share(r) for r in (a.units_of_pairs.intensity, a.units_of_all.number)),
            figure(a.emotion.kappa),
        )
    console.print(table)


def _boundaries(console: Console, pair: PairAgreement) -> None:
    table = plain_table(
        "boundary", "paired by", ">events", ">median ms", ">95 % ms", ">bias ms", ">limits ms",
        ">within 1", ">3", ">5 frames",
    )  # fmt: skip
    for row in pair.agreement.boundaries:
        d = row.differences
        limits = f"{figure(d.low_ms)} … {figure(d.high_ms)}"
        near = (figure(r.value) for r in (d.within_1, d.within_3, d.within_5))
        times = (figure(v) for v in (d.median_ms, d.p95_ms, d.bias_ms))
        table.add_row(row.mark, row.paired_by, str(d.n), *times, limits, *near)
    console.print(table)
    for length in pair.agreement.correlations:
        console.print(f"ICC(2,1) of {length.of}: {figure(length.icc)} ({length.n} events)")


def _units(console: Console, pair: PairAgreement) -> None:
    table = plain_table(">unit", ">of pairs", ">frames both", ">positive", ">κ")
    for unit in pair.agreement.units:
        frames = unit.frames
        values = (figure(frames.positive), figure(frames.kappa))
        table.add_row(str(unit.unit), share(unit.events), str(frames.both), *values)
    if pair.agreement.units:
        console.print(table)


def _progress(console: Console, study: StudyAgreement) -> None:
    table = plain_table("coder", "session", ">looked at", ">events")
    for row in study.progress:
        table.add_row(row.coder, row.session, share(row.looked), str(row.events))
    if study.progress:
        console.print()
        console.print(table)
