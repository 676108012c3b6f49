"""`unisono stimulus new`: from a folder or a table to a protocol that plays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from acquire.errors import ConfigError
from acquire.protocol.drafting import Draft, Wanted, protocol_text, wanted_of
from acquire.protocol.file import load_protocol, parse_protocol
from acquire.protocol.model import StandIn
from acquire.protocol.planner import make_plan
from acquire.protocol.stimuli import make_stand_in
from tests.acquire.program import unisono

SHORT = StandIn(duration_s=0.4, width=32, height=16, rate_hz=10, sound=False)


def clip(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    make_stand_in(path, path.stem, SHORT)
    return path


def test_a_folder_of_clips_becomes_a_protocol_that_plays(tmp_path: Path) -> None:
    for name in ("joy/a.mp4", "joy/b.mp4", "fear/a.mp4", "fear/快乐.mp4"):
        clip(tmp_path / "clips" / name)
    file = tmp_path / "mine.toml"
    made = unisono(
        *("stimulus", "new", file, "--from", tmp_path / "clips", "--rating", "valence"),
        *("--baseline", "0"),
        folder=tmp_path,
    )
    assert made.code == 0, made.stderr
    assert "4 stimuli" in made.stdout
    protocol = load_protocol(file)
    stimuli = protocol.file.stimulus
    assert [s.name for s in stimuli] == ["a", "stimulus", "a-2", "b"]
    assert [s.category for s in stimuli] == ["fear", "fear", "joy", "joy"]
    assert [s.code for s in stimuli] == [101, 102, 103, 104]
    assert protocol.file.block[1].order == "no-repeat"
    played = unisono(
        *("stimulus", file, "--headless", "--simulate", "--trial", "3", "--json"), folder=tmp_path
    )
    assert played.code == 0, played.stderr
    said = json.loads(played.stdout.splitlines()[-1])
    assert sorted(said["codes"].values()) == [1, 1], said  # one clip's, and that of its end


def test_a_table_out_of_excel_is_read_and_every_fault_is_named_at_once(tmp_path: Path) -> None:
    clip(tmp_path / "good.mp4")
    (tmp_path / "torn.mp4").write_bytes((tmp_path / "good.mp4").read_bytes()[:300])
    table = tmp_path / "clips.csv"
    table.write_text(
        "File;Code;Category;Words\r\ngood.mp4;11;joy;a dög\r\ngone.mp4;12;joy;\r\n"
        "torn.mp4;11;;\r\ngood.mp4;300;;\r\n;13;;\r\n",
        encoding="cp1252",
        newline="",
    )
    file = tmp_path / "mine.toml"
    made = unisono("stimulus", "new", file, "--from", table, folder=tmp_path)
    assert made.code == 2
    assert not file.exists()
    for said in (
        "5 cannot be used; nothing is written",
        "line 3: " + str(tmp_path / "gone.mp4") + " is not there",
        "line 4: " + str(tmp_path / "torn.mp4") + ": cannot be decoded",
        "line 4: code 11 is line 2's, too",
        "line 5: code '300'",
        "line 6: names no file",
    ):
        assert said in made.stderr, said
    table.write_text("file;code;words\r\ngood.mp4;11;a dog\r\n", newline="")
    made = unisono("stimulus", "new", file, "--from", table, folder=tmp_path)
    assert made.code == 0, made.stderr
    (stimulus,) = load_protocol(file).file.stimulus
    assert (stimulus.code, stimulus.words) == (11, "a dog")
    again = unisono("stimulus", "new", file, "--from", table, folder=tmp_path)
    assert again.code == 2
    assert "exists already" in again.stderr


def test_pictures_are_shown_for_a_time_and_not_beside_clips(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture)
    text = protocol_text([Wanted(picture)], Draft("p"), tmp_path)
    (trial,) = [t for t in make_plan(parse_protocol(text), "01").trials if t.stimulus]
    assert [page.kind for page in trial.pages][:2] == ["fixation", "image"]
    with pytest.raises(ConfigError, match="make two protocols"):
        protocol_text([Wanted(picture), Wanted(clip(tmp_path / "c.mp4"))], Draft("p"), tmp_path)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("", "no column called file"),
        ("name,code\nx,1\n", "no column called file"),
        ("file,colour\nx,1\n", "no column is called 'colour'"),
        ("file\n", "names no file below its heading"),
    ],
)
def test_a_table_that_is_none_is_said(tmp_path: Path, made: str, said: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(made)
    with pytest.raises(ConfigError, match=said):
        wanted_of(table)


names = st.text(max_size=80)


@given(
    st.lists(
        st.builds(
            Wanted,
            names.map(lambda n: Path("/f") / f"{n.replace('/', '_')}.mp4"),
            names,
            names,
            st.none(),
            names,
        ),
        min_size=1,
        max_size=20,
    ),
    names,
)
def test_whatever_files_are_called_the_protocol_can_be_read(
    wanted: list[Wanted], title: str
) -> None:
    protocol = parse_protocol(protocol_text(wanted, Draft(title), Path("/f")))
    shown = protocol.file.stimulus
    assert [s.words for s in shown] == [w.words for w in wanted]
    assert len({s.name for s in shown}) == len(wanted)
    assert [s.file for s in shown] == [w.file.relative_to("/f") for w in wanted]


def test_stimuli_that_are_missing_are_all_named_before_the_start(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    wanted = [Wanted(tmp_path / f"{name}.mp4") for name in "ab"]
    file.write_text(protocol_text(wanted, Draft("p"), tmp_path))
    refused = unisono("stimulus", file, "--headless", "--simulate", folder=tmp_path)
    assert refused.code == 2
    assert "2 stimuli cannot be shown: (1) stimulus 'a':" in refused.stderr
    assert "(2) stimulus 'b':" in refused.stderr
