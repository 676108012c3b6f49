"""Agreement against fixtures, their arithmetic beside them. 100 frames/s: a frame is 10 ms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.annotation import ranges
from recordings.annotation.action_units import parse_units
from recordings.annotation.agreement import pairing
from recordings.annotation.agreement.arbitration import cases
from recordings.annotation.agreement.comparison import (
    Agreement,
    Confused,
    Labels,
    compare,
    measure,
)
from recordings.annotation.agreement.measures import (
    FourFold,
    Hits,
    Ratio,
    differences,
    facs,
    icc,
    kappa,
    limits_of_agreement,
)
from recordings.annotation.agreement.pairing import both_looked, iou, pair_events
from recordings.annotation.agreement.study_agreement import PairAgreement, StudyAgreement
from recordings.annotation.model import Coding, Event, Span
from recordings.report.agreement import render
from tests.recordings.annotation.coded import coding, event

FIRST = [
    event("a1", 10, 14, 19, "4A", "disgust"),
    event("a2", 100, 120, 139, "L12B", "happy", kind="macro"),
    event("a3", 200, 205, 219, "1+2", "surprise"),
    event("a4", 300, 310, 339, "14", "sad"),  # the second coder missed it
    event("a5", 400, 410, 419, "4+7", "angry"),
    event("a6", 500, 510, None, "15", "sad", coded=False),
]
SECOND = [
    event("b1", 12, 15, 21, "4C", "disgust"),  # common 12…19: 8 of 10…21: 12; IoU 2/3
    event("b2", 100, 120, 139, "R12C", "happy", kind="macro"),  # another side
    event("b3", 200, 205, 209, "1+2", "surprise"),  # a3 in two: 10 of 20 frames each, IoU 1/2
    event("b4", 210, 212, 219, "1", "surprise"),
    event("b5", 404, 412, 427, "4", "disgust"),  # common 404…419: 16 of 400…427: 28; IoU 4/7
    event("b6", 505, 530, None, "15", "sad", coded=False),  # apex 200 ms later
]


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return measure([compare(coding(FIRST), coding(SECOND), "face", start=100.0)])


def test_events_hit_at_half_their_frames(agreement: Agreement) -> None:
    # By interval: a1 b1, a2 b2, a3 b3, a5 b5 of five and five. By apex: a6 b6.
    assert agreement.by_interval == Hits(hits=4, first=5, second=5)
    assert agreement.by_interval.precision == pytest.approx(4 / 5)
    assert agreement.by_interval.recall == pytest.approx(4 / 5)
    assert agreement.by_interval.f1 == pytest.approx(4 / 5)
    assert agreement.by_apex == Hits(hits=1, first=1, second=1)
    assert agreement.frames == 1000


def test_facs_agreement_in_three_strictnesses(agreement: Agreement) -> None:
    # pair    number  side   intensity
    # a1 b1   2/2     2/2    0/2        A and C are two steps apart
    # a2 b2   2/2     0/2    0/2        L and R
    # a3 b3   4/4     4/4    4/4
    # a5 b5   2/3     2/3    2/3
    # a6 b6   2/2     2/2    2/2
    # together 12/13, 10/13, 8/13; a4 and b4 add one unit each that nobody shares
    pairs, every = agreement.units_of_pairs, agreement.units_of_all
    assert (pairs.number.count, pairs.number.of) == (12, 13)
    assert (pairs.side.count, pairs.side.of) == (10, 13)
    assert (pairs.intensity.count, pairs.intensity.of) == (8, 13)
    assert every.number.value == pytest.approx(12 / 15)
    assert every.side.value == pytest.approx(10 / 15)
    assert every.intensity.value == pytest.approx(8 / 15)


def test_boundaries(agreement: Agreement) -> None:
    rows = {(b.mark, b.paired_by): b.differences for b in agreement.boundaries}
    onset = rows["onset", "interval"]
    # Differences +2, 0, 0, +4 frames. |Δ| sorted 0 0 2 4: median 1; 95 %: 2 + 0.85 · 2 = 3.7
    assert (onset.n, onset.median_frames) == (4, 1.0)
    assert onset.p95_frames == pytest.approx(3.7)
    assert onset.median_ms == pytest.approx(10.0)
    assert onset.p95_ms == pytest.approx(37.0)
    # Mean of 20, 0, 0, 40 ms is 15; deviations 5, −15, −15, 25: variance 1100/3, SD 19.149
    assert onset.bias_ms == pytest.approx(15.0)
    assert onset.low_ms == pytest.approx(15 - 1.96 * (1100 / 3) ** 0.5)
    assert onset.high_ms == pytest.approx(15 + 1.96 * (1100 / 3) ** 0.5)
    shares = (onset.within_1, onset.within_3, onset.within_5)
    assert [share.value for share in shares] == [2 / 4, 3 / 4, 4 / 4]
    # Offsets +2, 0, −10, +8
    assert rows["offset", "interval"].within_5.value == 2 / 4
    # a6 and b6 have a row of their own: apex 20 frames apart, one pair has no limits
    apex = rows["apex", "apex"]
    assert (apex.n, apex.median_frames) == (1, 20.0)
    assert apex.median_ms == pytest.approx(200.0)
    assert apex.low_ms is None
    assert rows["onset", "apex"].median_frames == 5.0
    assert ("offset", "apex") not in rows


def test_frames_of_a_unit(agreement: Agreement) -> None:
    (four,) = [row for row in agreement.units if row.unit == 4]
    # First 10…19 and 400…419: 30. Second 12…21 and 404…427: 34. Both 12…19 and 404…419: 24.
    assert four.frames == FourFold(both=24, first=6, second=10, neither=960)
    # Observed 0.984; chance (30 · 34 + 970 · 966) / 10⁶ = 0.93804; κ = 0.04596 / 0.06196
    assert four.frames.kappa == pytest.approx(0.04596 / 0.06196)
    assert four.frames.positive == pytest.approx(48 / 64)
    assert four.events == Ratio(count=4, of=4)  # in a1 b1 and a5 b5
    assert [row.unit for row in agreement.units] == [1, 2, 4, 7, 12, 14, 15]
    fifteen = agreement.units[-1]  # no offset: 500…510 and 505…530, to the apex
    assert fifteen.frames == FourFold(both=6, first=5, second=20, neither=969)


def test_labels_confusion_and_correlations(agreement: Agreement) -> None:
    # Five pairs; angry against disgust in one
    assert agreement.emotion.same == Ratio(count=4, of=5)
    # First: disgust, happy, surprise, angry, sad; second: disgust twice, the others once.
    # Chance (1·2 + 1·1 + 1·1 + 1·0 + 1·1) / 25 = 0.2; κ = 0.6 / 0.8
    assert agreement.emotion.kappa == pytest.approx(0.75)
    assert agreement.kind.same == Ratio(count=5, of=5)
    assert Confused(first="7", second="none", count=1) in agreement.confusion
    assert Confused(first="4", second="4", count=2) in agreement.confusion
    assert [(c.of, c.n, c.icc) for c in agreement.correlations] == [
        ("duration", 4, None),  # fewer than ten pairs
        ("onset to apex", 5, None),
    ]
    onset = agreement.points[0]  # a1 at 0.10 s, b1 at 0.12 s after the start
    assert onset.mark == "onset"
    assert onset.mean_s == pytest.approx(0.11)
    assert onset.difference_ms == pytest.approx(20.0)


def test_only_what_both_looked_at_counts() -> None:
    first = coding(FIRST, looked=(0, 349), not_codable=(290, 299))
    second = coding(SECOND, looked=(90, 999), not_codable=(295, 320))
    # 90…349 without 290…320: 260 − 31
    assert both_looked(first, second, "face") == ((90, 289), (321, 349))
    found = measure([compare(first, second, "face")])
    assert found.frames == 229
    # a2 b2 and a3 b3 hit, b4 alone; the apex of a4, 310, was not codable for the second
    assert found.by_interval == Hits(hits=2, first=2, second=3)
    assert found.by_apex == Hits()


def test_an_event_at_the_edge_is_none_that_the_other_missed() -> None:
    # Both apexes at the edge, one inside of it: the pair counts once, as a hit.
    first = coding([event("a", 90, 99, 110)], looked=(0, 99))
    second = coding([event("b", 91, 100, 111)], looked=(0, 99))
    assert measure([compare(first, second, "face")]).by_interval == Hits(hits=1, first=1, second=1)


def test_nothing_is_nought_by_nought() -> None:
    empty = measure([compare(coding([]), coding([]), "face")])
    assert empty.by_interval.f1 is None
    assert empty.by_interval.precision is None
    assert empty.units_of_all.number.value is None
    assert empty.emotion.kappa is None
    assert all(row.differences.median_ms is None for row in empty.boundaries)
    assert not empty.units
    one_sided = measure([compare(coding(FIRST), coding([]), "face")])
    assert one_sided.by_interval.recall == 0
    assert one_sided.by_interval.precision is None
    assert measure([]) == Agreement(boundaries=empty.boundaries, correlations=empty.correlations)
    assert FourFold(both=5).kappa is None  # all frames: chance agrees always
    assert FourFold(neither=5).positive is None


def test_sessions_are_measured_together_frame_by_frame() -> None:
    one = compare(coding(FIRST), coding(SECOND), "face")
    other = compare(coding([]), coding([]), "face")
    both = measure([one, other])
    assert both.frames == 2000
    assert {row.unit: row.frames.neither for row in both.units}[4] == 1960


def test_iou_counts_both_ends() -> None:
    assert iou((10, 19), (10, 19)) == 1
    assert iou((10, 19), (15, 24)) == pytest.approx(5 / 15)
    assert iou((10, 19), (20, 29)) == 0
    # Without both ends this would be 9/19 and no hit; with them it is one.
    assert iou((200, 219), (200, 209)) == 0.5


def test_the_best_pairs_go_first_and_each_event_once() -> None:
    first = [event("a", 0, 5, 19), event("b", 10, 15, 29)]
    second = [event("c", 8, 15, 27)]
    paired = pair_events(first, second)
    assert [(p.first.id, p.second.id) for p in paired.by("interval")] == [("b", "c")]
    assert paired.only_first == (first[0],)


def test_of_the_blinks_of_an_hour_only_near_ones_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0
    whole = pairing._misfit

    def counting(a: Event, b: Event, way: pairing.PairedBy) -> float | None:
        nonlocal compared
        compared += 1
        return whole(a, b, way)

    monkeypatch.setattr(pairing, "_misfit", counting)
    ours, theirs = (
        [event(f"{who}{n}", at := 300 * n + late, at + 10, at + 20) for n in range(200)]
        for who, late in (("a", 0), ("b", 3))
    )
    assert len(pair_events(ours, theirs).pairs) == 200
    assert compared == 200


def test_apexes_pair_within_a_quarter_of_a_second_and_only_without_an_interval() -> None:
    alone = event("a", 100, 110, None, coded=False)
    assert pair_events([alone], [event("b", 130, 135, 140)]).by("apex")
    assert not pair_events([alone], [event("b", 130, 136, 140)]).pairs
    assert not pair_events([event("a", 100, 110, 115)], [event("b", 116, 117, 140)]).pairs


def test_onsets_pair_where_one_has_no_apex_the_nearest_first() -> None:
    first = [event("a1", 100, None, None), event("a2", 120, None, None)]
    # b1 is 3 frames from a2, 23 from a1; b2 is 14 from a1.
    second = [event("b1", 123, None, None), event("b2", 86, None, None)]
    paired = pair_events(first, second)
    assert [(p.first.id, p.second.id) for p in paired.by("onset")] == [("a1", "b2"), ("a2", "b1")]
    assert pair_events([first[0]], [event("b", 125, None, None)]).pairs  # 250 ms
    assert not pair_events([first[0]], [event("b", 126, None, None)]).pairs
    assert pair_events([first[0]], [event("b", 110, 130, 150)]).by("onset")  # whatever else it has
    assert pair_events([event("a", 100, 150, None)], [event("b", 100, None, 300)]).by("onset")


def test_onsets_decide_nothing_where_apexes_or_intervals_do() -> None:
    apart = event("a", 100, 110, None), event("b", 100, 140, None)
    assert not pair_events(apart[:1], apart[1:]).pairs
    assert not pair_events([event("a", 100, None, 110)], [event("b", 100, None, 200)]).pairs
    # The apexes are one, so that the onset that is nearer is of nobody.
    paired = pair_events(
        [event("a", 100, 110, None)], [event("b", 100, None, None), event("c", 95, 110, None)]
    )
    assert [(p.first.id, p.second.id, p.by) for p in paired.pairs] == [("a", "c", "apex")]


def test_onsets_have_figures_of_their_own() -> None:
    first = [event("a1", 100, None, None, "1"), event("a2", 400, None, None, "4")]
    second = [event("b1", 103, None, None, "1"), event("b2", 700, None, None, "12")]
    whole = measure([compare(coding(first), coding(second), "face")])
    assert (whole.by_interval, whole.by_apex) == (Hits(), Hits())
    assert whole.by_onset == Hits(hits=1, first=2, second=2)
    (row,) = [b for b in whole.boundaries if b.paired_by == "onset"]
    assert (row.mark, row.differences.n) == ("onset", 1)
    assert row.differences.median_ms == pytest.approx(30.0)
    assert whole.units_of_all.number == Ratio(count=2, of=4)
    # One frame each, three apart: no frame in common, though the event is.
    one = whole.units[0]
    assert (one.unit, one.events, one.frames.both) == (1, Ratio(count=2, of=2), 0)


def test_facs_agreement_of_lines() -> None:
    def three(a: str, b: str) -> list[tuple[float, float]]:
        return [(r.count, r.of) for r in facs(parse_units(a), parse_units(b))]

    assert three("L12B+25", "L12C+25") == [(4, 4), (4, 4), (4, 4)]
    assert three("L12B", "L12D") == [(2, 2), (2, 2), (0, 2)]
    assert three("L12+R12", "12") == [(2, 2), (0, 3), (0, 3)]
    assert three("12B", "12") == [(2, 2), (2, 2), (0, 2)]  # one scored, one not
    assert three("", "") == [(0, 0), (0, 0), (0, 0)]


def test_icc_is_that_of_its_paper() -> None:
    # Shrout & Fleiss 1979, table 2: six targets, four judges; ICC(2,1) = 0.29 in table 4.
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    assert icc(ratings) == pytest.approx(0.2898, abs=5e-5)
    assert icc(np.ones((12, 2))) is None
    assert icc(np.array([[1.0, 2.0]])) is None


def test_kappa_is_that_of_the_textbook() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, chance 0.5, κ 0.4
    assert FourFold(both=20, first=5, second=10, neither=15).kappa == pytest.approx(0.4)
    labels = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(labels) == pytest.approx(0.4)


def test_a_correlation_of_ten_pairs_is_told_and_of_lengths_not_of_times() -> None:
    first = [event(f"a{n}", 100 * n, 100 * n + 5, 100 * n + 20) for n in range(10)]
    second = [event(f"b{n}", 100 * n, 100 * n + 5, 100 * n + 20 + n % 2) for n in range(10)]
    whole = measure([compare(coding(first), coding(second), "face")])
    duration = whole.correlations[0]
    assert duration.n == 10
    # All last 0.20 s for the first: between events nothing agrees, though times do to a frame.
    assert duration.icc == pytest.approx(0.0, abs=1e-9)


def test_an_emotion_is_the_same_however_it_is_written() -> None:
    """SAMM's tables have Anger, and those who code in the window anger."""
    first = [event("a", 10, 12, 20, "4", "Anger"), event("b", 50, 52, 60, "12", "Happiness ")]
    second = [event("c", 10, 12, 20, "4", "anger"), event("d", 50, 52, 60, "12", "happiness")]
    whole = measure([compare(coding(first), coding(second), "face")])
    assert whole.emotion == Labels(same=Ratio(count=2, of=2), kappa=1.0)
    assert [case.reasons for case in cases(coding(first), coding(second), "face")] == [(), ()]


def test_the_plot_has_the_limits_of_its_own_dots() -> None:
    """They were those of the events that were paired by interval alone."""
    first = [event("a", 100, 105, 140), event("b", 300, 305, None, coded=False)]
    second = [event("c", 104, 109, 140), event("d", 320, 325, None, coded=False)]
    one = measure([compare(coding(first), coding(second), "face")])
    pair = PairAgreement(
        first="anna", second="ben", relation="two coders", session="", agreement=one
    )
    page = render(StudyAgreement(pairs=(pair,)))
    apart = np.array([40.0, 200.0])
    assert limits_of_agreement(apart) == pytest.approx((-101.74, 341.74), abs=0.01)
    assert page.count('class="nominal"') == 2 * 2  # onset and apex; of one offset there are none


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=8)


@given(SPANS, SPANS)
def test_ranges_are_sets_of_frames(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    def frames(spans: list[tuple[int, int]]) -> set[int]:
        return {k for first, length in spans for k in range(first, first + length + 1)}

    ours, theirs = (ranges.union((f, f + n) for f, n in spans) for spans in (a, b))

    def listed(found: ranges.Ranges) -> list[int]:
        return [k for first, last in found for k in range(first, last + 1)]

    assert listed(ours) == sorted(frames(a))
    assert listed(ranges.common(ours, theirs)) == sorted(frames(a) & frames(b))
    assert listed(ranges.without(ours, theirs)) == sorted(frames(a) - frames(b))
    assert ranges.count(ours) == len(frames(a))
    assert [ranges.contains(ours, k) for k in range(70)] == [k in frames(a) for k in range(70)]


def test_differences_of_one_have_no_limits() -> None:
    assert differences([], []).n == 0
    one = differences([3], [30.0])
    assert (one.bias_ms, one.low_ms, one.within_3.value) == (30.0, None, 1.0)


def test_cameras_are_not_mixed() -> None:
    span = Span(id="s", camera="side", first=0, last=9)
    other = Coding(looked={"s": span}, events={"x": event("x", 1, 2, 3, camera="side")})
    assert other.cameras == ("side",)
    assert compare(coding(FIRST), other, "side").frames == 0
