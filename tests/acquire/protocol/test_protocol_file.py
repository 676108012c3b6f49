"""Protocol files: what is refused and in which words, orders, plans."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acquire.errors import ConfigError, ControlError
from acquire.protocol.file import copy_shipped, load_protocol, parse_protocol, shipped
from acquire.protocol.order import latin_row, make_random, no_repeat, participant_number, shuffled
from acquire.protocol.planner import make_plan
from acquire.protocol.scales import BUILT_IN, Scale
from acquire.protocol.stimuli import require_files

HEAD = '[protocol]\nname = "p"\n'
STIMULUS = (
    '[[stimulus]]\nname = "{0}"\ncategory = "{1}"\ncode = {2}\ngenerate = {{duration_s = 2}}\n'
)
CLIPS = '[[block]]\nname = "b"\nstimuli = ["*"]\norder = "{0}"\n[[block.step]]\nkind = "clip"\n'
TEXT = '[[block]]\nname = "t"\n[[block.step]]\nkind = "instruction"\ntext = "{0}"\n'


CROSS = '[[block]]\nname = "b"\n[[block.step]]\nkind = "fixation"\nduration_s = {0}\n'
ASK = '[[block]]\nname = "b"\n[[block.step]]\nkind = "rating"\nscales = ["{0}"]\n'
HOW_MUCH = (
    '[scale.x]\nkind = "choice"\nprompt = "?"\noptions = ["a", "b"]\nintensity = 3\n'
    'intensity_prompt = "{0}"\n'
)


def stimuli(*rows: tuple[str, str, int]) -> str:
    return "".join(STIMULUS.format(*row) for row in rows)


@pytest.mark.parametrize("name", shipped())
def test_shipped_protocols_are_good(name: str) -> None:
    protocol = load_protocol(name)
    plan = make_plan(protocol, "01")
    assert protocol.name == name
    assert plan.trials
    pages = [page for trial in plan.trials for page in trial.pages]
    codes = [code for page in pages for code in (page.code, page.end_code) if code is not None]
    assert all(1 <= code <= 255 for code in codes)
    assert not plan.collisions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "not TOML"),
        (HEAD + '[words]\ndoen = "Fertig"\n' + TEXT.format("a"), "done"),
        (HEAD + '[words]\ndone = ""\n' + TEXT.format("a"), "words.done"),
        (HEAD, "block: missing; add this key"),
        (HEAD + TEXT.format("x") + 'colour = "red"\n', "block 't', step 1: colour: unknown key"),
        (
            HEAD + TEXT.format("x").replace("instruction", "instuction"),
            "did you mean 'instruction'",
        ),
        (HEAD + TEXT.format("{trails}"), "no variable {trails}; did you mean 'trials'?"),
        (HEAD + TEXT.format("{"), "text: a brace stands alone"),
        (HEAD + CLIPS.format("fixed"), "category '*'; there is no [[stimulus]]"),
        (
            HEAD + stimuli(("a", "x", 300)) + CLIPS.format("fixed"),
            "stimulus 'a': code: must be less than or equal to 255, got 300",
        ),
        (
            HEAD + stimuli(("a", "x", 101), ("b", "x", 101)) + CLIPS.format("fixed"),
            "code 101 means both stimulus 'a' and stimulus 'b'",
        ),
        (
            HEAD + stimuli(("a", "x", 101)) + CLIPS.format("fixed") + "end_code = 101\n",
            "and the end of step 'clip'",
        ),
        (
            HEAD + stimuli(("a", "x", 1), ("b", "x", 2)) + CLIPS.format("no-repeat"),
            "2 of 2 stimuli are of one category",
        ),
        (
            HEAD
            + stimuli(("a", "x", 1), ("b", "y", 2), ("c", "x", 3))
            + CLIPS.format('no-repeat"\nrepeat = 2 #'),
            "2 of 3 stimuli are of one category",
        ),
        (HEAD + stimuli(("a", "x", 1), ("a", "x", 2)) + CLIPS.format("fixed"), "used twice"),
        (
            HEAD + '[[block]]\nname="b"\n[[block.step]]\nkind="rating"\nscales=["valens"]\n',
            "no scale 'valens'; did you mean 'valence'?",
        ),
        (HEAD + '[[block]]\nname="b"\n[[block.step]]\nkind="clip"\n', "shows no stimulus"),
        (HEAD + '[[stimulus]]\nname = "a"\n' + CLIPS.format("fixed"), "give a file, or generate"),
        (HEAD + '[[stimulus]]\nname = "a"\nfile = ""\n' + CLIPS.format("fixed"), "file is empty"),
        (
            HEAD + CROSS.format('"1"'),
            "duration_s: must be seconds, or [shortest, longest], got '1'",
        ),
        (HEAD + CROSS.format("true"), "must be seconds"),
        (HEAD + CROSS.format("nan"), "block 'b', step 1: duration_s: must be"),
        (HEAD + CROSS.format('1\ncode = "7"'), "code: must be a whole number, got '7'"),
        (
            HEAD + CROSS.format("1").replace("duration_s", "duraton_s"),
            "duraton_s: unknown key; did you mean 'duration_s'?",
        ),
        (HEAD + CROSS.format("1").replace("kind =", "what ="), "step 1: kind: missing; known: "),
        (HEAD + CROSS.format("1").replace("[[block.step]]", "[block.step]"), "double brackets"),
        (HEAD + TEXT.format("{trial:3}"), "text: {trial} can have no format"),
        (HEAD + TEXT.format("{trial!x}"), "text: {trial} can have no format"),
        (HEAD + TEXT.format("x") + 'keys = "space"\n', 'keys: must be a list, such as ["one"]'),
        (HEAD + TEXT.format("x") + 'keys = ["spce"]\n', "'spce'; did you mean 'space'?"),
        (HEAD + TEXT.format("x") + 'keys = ["Q"]\n', "'Q'; did you mean 'q'?"),
        (HEAD + TEXT.format("x") + "keys = []\n", "no key and no duration_s would end it"),
        (HEAD + 'stop_key = "esc"\n' + TEXT.format("x"), "did you mean 'escape'?"),
        (HEAD + 'stop_key = "space"\n' + TEXT.format("x"), "a key of block 't', step 1, too"),
        (HEAD + 'stop_key = "5"\n' + ASK.format("valence"), "a key of block 'b', step 1, too"),
        (HEAD + ASK.format('valence", "valence'), "one is named twice"),
        (HEAD + ASK.format("x") + '[scale.x]\nkind = "slidr"\n', "did you mean 'slider'?"),
        (
            HEAD + ASK.format("x") + '[scale.x]\nkind = "text"\nprompt = "Why {stimlus}?"\n',
            "prompt of 'x': no variable {stimlus}; did you mean 'stimulus'?",
        ),
        (
            HEAD + ASK.format("x") + HOW_MUCH.format("How {much}?"),
            "prompt of 'x': no variable {much}",
        ),
        (HEAD + ASK.format("x") + HOW_MUCH.format("How {"), "prompt of 'x': a brace stands alone"),
        (HEAD + '[variables]\n"a.b" = "c"\n' + TEXT.format("{a.b}"), "variables.a.b: cannot be"),
        (HEAD + '[variables]\n0 = "c"\n' + TEXT.format("{0}"), "variables.0: cannot be named"),
        (HEAD + '[variables]\n"" = "c"\n' + TEXT.format("{}"), "variables.'': cannot be named"),
        (HEAD + '[variables]\ntrial = "c"\n' + TEXT.format("x"), "the player gives this one"),
        (
            HEAD + '[condition.a]\nwords = "c"\n' + TEXT.format("x"),
            "condition.a.words: the player gives this one itself",
        ),
        (
            HEAD + ASK.format("x") + '[scale.x]\nkind = "choice"\nprompt = "?"\noptions = ["a"]\n',
            "scale.x.options: must have 2 entries or more, got ['a']",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_protocol(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_what_is_shipped() -> None:
    with pytest.raises(ConfigError, match="did you mean 'mmme'"):
        load_protocol("mme")


def test_a_file_as_editors_save_it(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    text = HEAD + TEXT.format("Grüße, 你好")
    path.write_text(text, encoding="utf-8-sig")
    assert load_protocol(path).text == text
    path.write_text(text, encoding="gb18030")
    with pytest.raises(ConfigError, match=r"is not UTF-8 \(byte 0x.. at \d+\); save it as UTF-8"):
        load_protocol(path)
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load_protocol(tmp_path)


def test_a_prompt_takes_variables_as_any_text_does() -> None:
    text = HEAD + '[variables]\nwho = "the actor"\n[scale.x]\nkind = "text"\n'
    text += 'prompt = "Trial {trial}: what did {who} feel {{?}}"\n' + ASK.format("x")
    (trial,) = make_plan(parse_protocol(text), "01").trials
    assert trial.pages[0].item is not None
    assert trial.pages[0].item.prompt == "Trial 1: what did the actor feel {?}"


# Orders.


@given(st.integers(1, 40))
def test_latin_square(count: int) -> None:
    rows = [latin_row(count, row) for row in range(count if count % 2 == 0 else 2 * count)]
    for column in zip(*rows, strict=True):
        assert len(set(Counter(column).values())) == 1  # each equally often in each place
    follows = Counter(pair for row in rows for pair in pairwise(row))
    assert len(follows) == count * (count - 1)
    assert len(set(follows.values())) <= 1  # and after each other


@given(st.lists(st.sampled_from("abcde"), max_size=30), st.integers())
def test_no_category_twice_in_a_row(categories: list[str], seed: int) -> None:
    most = max(Counter(categories).values(), default=0)
    items = list(range(len(categories)))
    if most * 2 > len(categories) + 1:
        with pytest.raises(ValueError, match="too many"):
            no_repeat(items, categories, make_random(seed))
        return
    order = no_repeat(items, categories, make_random(seed))
    assert sorted(order) == items
    assert all(categories[a] != categories[b] for a, b in pairwise(order))


@given(st.lists(st.sampled_from("abcde"), min_size=2, max_size=8), st.integers(0, 99))
def test_nor_where_a_block_is_begun_again(categories: list[str], seed: int) -> None:
    assume(max(Counter(categories).values()) * 2 <= len(categories))
    rows = [(f"s{n}", category, n + 1) for n, category in enumerate(categories)]
    once, thrice = (
        make_plan(parse_protocol(HEAD + stimuli(*rows) + CLIPS.format(order)), "01", seed).trials
        for order in ("no-repeat", 'no-repeat"\nrepeat = 3 #')
    )
    shown = [t.stimulus for t in thrice if t.stimulus]
    assert Counter(Counter(s.name for s in shown).values()) == {3: len(rows)}
    assert all(a.category != b.category for a, b in pairwise(shown))
    assert [t.stimulus for t in once] == shown[: len(rows)]


@given(st.lists(st.integers(), max_size=50), st.integers())
def test_a_shuffle_is_made_again_from_its_seed(items: list[int], seed: int) -> None:
    once = shuffled(items, make_random("a", seed))
    assert once == shuffled(items, make_random("a", seed))
    assert Counter(once) == Counter(items)


def test_orders_stay_what_they_were() -> None:
    # An order that a paper names must come out of every later version.
    assert shuffled(range(8), make_random("p", 1, "01")) == PINNED
    assert [participant_number(label) for label in ("01", "P17", "anna")] == [0, 16, 1431804757]


PINNED = [2, 0, 1, 5, 6, 7, 3, 4]


# Plans.


def test_the_plan_depends_on_seed_and_participant_alone() -> None:
    rows = [(f"s{n}", "xyz"[n % 3], n + 1) for n in range(9)]
    protocol = parse_protocol(HEAD + stimuli(*rows) + CLIPS.format("shuffled"))
    plans = {make_plan(protocol, who, seed) for who in ("01", "02") for seed in (1, 2)}
    assert len(plans) == 4
    assert plans == {make_plan(protocol, who, seed) for who in ("01", "02") for seed in (1, 2)}


@pytest.mark.parametrize("order", ["fixed", "shuffled", "latin-square", "no-repeat"])
def test_a_block_without_stimuli_may_have_any_order(order: str) -> None:
    text = HEAD + TEXT.format("Welcome").replace('name = "t"', f'name = "t"\norder = "{order}"')
    plan = make_plan(parse_protocol(text), "01")
    assert [[p.text for p in t.pages] for t in plan.trials] == [["Welcome"]]


def test_a_break_comes_after_every_so_many_trials_and_not_after_the_last() -> None:
    rows = [(f"s{n}", "", n + 1) for n in range(6)]
    text = HEAD + stimuli(*rows) + CLIPS.format("shuffled")
    text += '[[block.step]]\nkind = "pause"\nevery = 2\n' + TEXT.format("The end")
    plan = make_plan(parse_protocol(text), "01")
    breaks = [t.number for t in plan.trials if any(p.kind == "pause" for p in t.pages)]
    assert breaks == [2, 4]


@given(participants=st.integers(1, 30))
def test_conditions_are_shared_out_evenly_and_turn(participants: int) -> None:
    assume(participants % 2 == 0)
    rows = [(f"s{n}", "", n + 1) for n in range(6)]
    text = HEAD + '[condition.a]\nword = "one"\n[condition.b]\nword = "two"\n' + stimuli(*rows)
    text += CLIPS.format("fixed").replace(
        "[[block.step]]", 'conditions = ["a", "b"]\n[[block.step]]'
    )
    text += '[[block.step]]\nkind = "instruction"\ntext = "{word}"\nwhen = ["b"]\n'
    protocol = parse_protocol(text)
    seen: Counter[tuple[str, str | None]] = Counter()
    for number in range(1, participants + 1):
        plan = make_plan(protocol, f"{number:02d}")
        assert Counter(t.condition for t in plan.trials) == {"a": 3, "b": 3}
        for trial in plan.trials:
            assert trial.stimulus
            assert [p.text for p in trial.pages[1:]] == (["two"] if trial.condition == "b" else [])
            seen[trial.stimulus.name, trial.condition] += 1
    assert set(seen.values()) == {participants // 2}


@given(st.from_type(object).map(repr) | st.floats() | st.integers() | st.booleans() | st.none())
def test_items_take_answers_and_nothing_else(value: Any) -> None:
    allowed = isinstance(value, int | float) and not isinstance(value, bool) and value in range(10)
    for name, table in BUILT_IN.items():
        for item in Scale(name, table).items:
            if allowed and 1 <= value <= item.maximum:
                assert item.check(value) == value
            else:
                with pytest.raises(ControlError, match=item.id):
                    item.check(value)


def test_mmme_sends_the_codes_of_the_corpus() -> None:
    plan = make_plan(load_protocol("mmme"), "01")
    clips = [p for t in plan.trials for p in t.pages if p.kind == "clip"]
    assert [page.code for page in clips] == list(range(101, 149))
    assert {page.end_code for page in clips} == {100}
    shown = Counter(page.stimulus.category for page in clips if page.stimulus)
    assert set(shown.values()) == {6}
    of = {page.code: page.stimulus.category for page in clips if page.stimulus}
    assert [of[code] for code in (101, 110, 123, 134, 144, 141, 116, 147)] == [
        *("sad", "disgust", "happy", "fear", "tense", "calm", "anger", "surprise")
    ]
    assert 70 * 60 < plan.estimate_s < 85 * 60


def test_a_shipped_protocol_is_copied_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    copy_shipped("dfme", path)
    assert load_protocol(path).text == load_protocol("dfme").text
    with pytest.raises(ConfigError, match="exists already"):
        copy_shipped("dfme", path)
    with pytest.raises(ConfigError, match="did you mean 'dfme'"):
        copy_shipped("dmfe", path)


def test_a_name_that_no_file_can_have_is_one_error() -> None:
    """It ended the player's process with a traceback."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_protocol("a\x00b")


def test_a_stimulus_that_no_file_can_be_called_is_one_error() -> None:
    protocol = parse_protocol(
        HEAD + '[[stimulus]]\nname = "a"\nfile = "a\\u0000b"\n' + CLIPS.format("fixed")
    )
    with pytest.raises(ConfigError, match="stimulus 'a': no file can be called"):
        require_files(protocol, make_plan(protocol, "01"))
