from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.dataset.splits import alike, splits
from recordings.errors import RecordingError

PEOPLE = st.lists(st.sampled_from([f"{n:02d}" for n in range(12)]), min_size=2, max_size=80)


@given(PEOPLE, st.sampled_from(["loso", "kfold"]), st.integers(2, 12), st.integers(0, 99))
def test_no_participant_is_in_two_folds(
    people: list[str], kind: str, folds: int, seed: int
) -> None:
    count = len(set(people))
    parts = count if kind == "loso" else folds
    if not 2 <= parts <= count:
        with pytest.raises(RecordingError, match="folds of"):
            splits(kind, people, folds, seed)
        return
    tested: list[int] = []
    names = np.array(people)
    found = list(splits(kind, people, folds, seed))
    assert len(found) == parts
    for train, test in found:
        assert not set(names[train]) & set(names[test])
        assert len(train)
        assert len(test)
        assert sorted([*train, *test]) == list(range(len(people)))
        tested += test.tolist()
    assert sorted(tested) == list(range(len(people)))


def test_people_are_dealt_out_by_the_seed_alike_in_number() -> None:
    people = [f"{n:02d}" for n in range(12) for _ in range(3)]
    dealt = [
        [tuple(test.tolist()) for _, test in splits("kfold", people, 4, seed)] for seed in range(6)
    ]
    assert [list(map(len, folds)) for folds in dealt] == [[9] * 4] * 6
    assert len({tuple(folds) for folds in dealt}) == 6
    again = [tuple(test.tolist()) for _, test in splits("kfold", people, 4, 3)]
    assert again == dealt[3]


def test_a_leaking_split_has_to_be_asked_for_by_its_name() -> None:
    people = ["a"] * 10 + ["b"] * 10
    leaks = [
        set(np.array(people)[train]) & set(np.array(people)[test])
        for train, test in splits("leaking-kfold", people, 2)
    ]
    assert any(leaks)
    with pytest.raises(RecordingError, match="there are loso, kfold, leaking-kfold"):
        splits("random", people)


def test_pseudonyms_that_may_be_one_persons_are_told() -> None:
    assert alike(["01", "02", "10", "100", "20", "a1", "a10", "a101", "0"]) == []
    assert alike(["1", "01", "02", "2", "001", "P7", "p7", "p07", "00", "0"]) == [
        ("0", "00"),
        ("001", "01", "1"),
        ("02", "2"),
        ("P7", "p07", "p7"),
    ]
