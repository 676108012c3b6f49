"""Who codes what: shares, orders, repeats; and what has been dealt stays dealt."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.annotation.plan import (
    Item,
    Plan,
    Turn,
    assigned,
    coded_cameras,
    find_plan,
    load_plan,
)
from recordings.errors import RecordingError

ITEMS = [Item(f"session-{n}", trial) for n in range(20) for trial in range(1, 11)]
PLANS = st.builds(
    Plan,
    coders=st.sampled_from([("anna",), ("anna", "ben"), ("anna", "ben", "cleo")]),
    overlap=st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]),
    repeat=st.sampled_from([0.0, 0.1, 0.3]),
    seed=st.integers(0, 1000),
)


def firsts(turns: list[Turn]) -> set[Item]:
    return {turn.item for turn in turns if turn.time == 1}


@given(PLANS)
def test_shares_are_what_was_asked_for_and_every_item_is_coded(plan: Plan) -> None:
    turns = assigned(plan, ITEMS)
    own = [firsts(turns[coder]) for coder in plan.coders]
    assert set.union(*own) == set(ITEMS)
    if len(own) > 1:
        assert len(set.intersection(*own)) == round(plan.overlap * len(ITEMS))
        assert max(map(len, own)) - min(map(len, own)) <= 1
    for coder in plan.coders:
        again = [turn.item for turn in turns[coder] if turn.time == 2]
        assert set(again) <= firsts(turns[coder])
        assert len(again) == len(set(again))
        assert abs(len(again) - plan.repeat * len(firsts(turns[coder]))) <= plan.repeat * 20
        times = [turn.time for turn in turns[coder]]
        assert times == sorted(times)  # repeats come after everything else


@given(PLANS, st.integers(0, len(ITEMS)))
def test_further_recordings_change_nothing_about_those_before(plan: Plan, count: int) -> None:
    early, late = assigned(plan, ITEMS[:count]), assigned(plan, ITEMS)
    known = set(ITEMS[:count])
    for coder in plan.coders:
        assert [turn for turn in late[coder] if turn.item in known] == early[coder]


def test_orders_differ_between_coders_and_seeds_and_are_those_of_the_seed() -> None:
    both = Plan(coders=("anna", "ben"), overlap=1.0)
    turns = assigned(both, ITEMS)
    assert turns == assigned(both, ITEMS)
    assert turns["anna"] != turns["ben"]
    assert firsts(turns["anna"]) == firsts(turns["ben"])
    other = assigned(both.model_copy(update={"seed": 2}), ITEMS)
    assert other["anna"] != turns["anna"]


def test_trainees_have_what_the_gold_file_has() -> None:
    plan = Plan(coders=("anna",), gold="expert", trainees=("cleo",), repeat=0.5)
    turns = assigned(plan, ITEMS, gold=ITEMS[3:9])
    assert firsts(turns["cleo"]) == set(ITEMS[3:9])
    assert len(turns["cleo"]) == 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('coders = ["../x"]', "coder '../x' has"),
        ('coders = ["anna", "Anna"]', "named twice"),
        ('coders = ["consensus"]', "no coder can be called consensus"),
        ("coders = []", "names no coder"),
        ('coders = ["a"]\noverlap = 20', "overlap: .*less than or equal to 1"),
        ('coders = ["a"]\nhide = ["names"]', r"hide\.0"),
        ('coders = ["a"]\ncameras = "face"', "cameras: "),
        ('coders = ["a"]\nseeds = 1', "seeds: Extra inputs"),
        ('coders = ["a"]\ntrainees = ["b"]', "trainees need a gold file"),
        ("coders = [", "is no TOML"),
    ],
)
def test_a_plan_that_is_none_names_the_key(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "coding.toml").write_text(text)
    with pytest.raises(RecordingError, match=words):
        load_plan(tmp_path / "coding.toml")


def test_the_plan_is_that_of_the_study(tmp_path: Path) -> None:
    session = tmp_path / "study" / "sub-01" / "ses-01" / "run"
    session.mkdir(parents=True)
    assert find_plan(session) is None
    (tmp_path / "study" / "coding.toml").write_text('coders = ["anna", "ben"]\nseed = 7\n')
    path = find_plan(session)
    assert path is not None
    assert load_plan(path) == Plan(coders=("anna", "ben"), seed=7)


def test_the_cameras_that_are_coded_are_those_of_the_plan(tmp_path: Path) -> None:
    session = tmp_path / "study" / "sub-01" / "ses-01" / "run"
    session.mkdir(parents=True)
    assert coded_cameras(session, ["face", "side"]) == ("face", "side")
    plan = tmp_path / "study" / "coding.toml"
    plan.write_text('coders = ["anna"]\ncameras = ["side", "left"]\n')
    assert coded_cameras(session, ["face", "side"]) == ("side",)
    assert coded_cameras(session, []) == ()  # without video there is nothing to be wrong about
    with pytest.raises(RecordingError, match=r"cameras = side, left: .* none of these but face"):
        coded_cameras(session, ["face"])
    plan.unlink()
    assert coded_cameras(session, ["face"]) == ("face",)


def test_a_session_that_is_linked_into_a_study_is_blind_as_the_study_says(tmp_path: Path) -> None:
    real = tmp_path / "disk" / "sub-01" / "ses-01" / "run"
    real.mkdir(parents=True)
    study = tmp_path / "study"
    study.mkdir()
    (study / "sub-01").symlink_to(tmp_path / "disk" / "sub-01", target_is_directory=True)
    (study / "coding.toml").write_text('coders = ["anna"]\nhide = ["markers"]\n')
    assert find_plan(study / "sub-01" / "ses-01" / "run") == study / "coding.toml"
    assert find_plan(real) is None
