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
from acquire.protocol.stand_ins import make_stand_in
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
    assert [s.name for s in stimuli] == ["a", "stimulus-102", "a-2", "b"]
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
    (tmp_path / "folder").mkdir()
    table = tmp_path / "clips.csv"
    table.write_text(
        "File;Code;Category;Words\r\ngood.mp4;11;joy;a dög\r\ngone.mp4;12;joy;\r\n"
        "torn.mp4;11;;\r\ntorn.mp4;300;;\r\n;13;;\r\nfolder;14;;\r\n",
        encoding="cp1252",
        newline="",
    )
    file = tmp_path / "mine.toml"
    made = unisono("stimulus", "new", file, "--from", table, folder=tmp_path)
    assert made.code == 2
    assert not file.exists()
    *told, error = made.stderr.splitlines()
    assert error.endswith("faults named above: 7; nothing is written")
    for line, said in zip(
        told,
        (
            f"line 3: {tmp_path / 'gone.mp4'} is not there",
            f"line 4: {tmp_path / 'torn.mp4'}: cannot be decoded",
            "line 4: code 11 is line 2's, too",
            f"line 5: {tmp_path / 'torn.mp4'}: cannot be decoded",
            "line 5: code '300'",
            "line 6: names no file",
            f"line 7: {tmp_path / 'folder'} is a folder",
        ),
        strict=True,
    ):
        assert line.startswith(said), (line, said)
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
        ("file,colour,wort\nx,1,2\n", "no column is called 'colour', 'wort'"),
        ("file\n", "names no file below its heading"),
    ],
)
def test_a_table_that_is_none_is_said(tmp_path: Path, made: str, said: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(made)
    with pytest.raises(ConfigError, match=said):
        wanted_of(table)


def test_a_source_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there; name a folder"):
        wanted_of(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="is one stimulus; name its folder"):
        wanted_of(clip(tmp_path / "a.mp4"))


def test_a_table_that_excel_saved_in_china_names_its_files(tmp_path: Path) -> None:
    """It was read as cp1252: no file was there, and categories were garbled without a word."""
    table = tmp_path / "t.csv"
    text = "file,code,category\n恐惧/片段（一）.mp4,1,恐惧\na.mp4,2,高兴\n"
    for encoding in ("gb18030", "utf-8-sig", "utf-16"):
        table.write_bytes(text.encode(encoding))
        first, second = wanted_of(table)
        assert first.file == tmp_path / "恐惧" / "片段（一）.mp4", encoding
        assert (first.category, second.category) == ("恐惧", "高兴")
    table.write_text("file;words\nFüße.mp4;größer, süß, Ää\n", encoding="cp1252")
    (one,) = wanted_of(table)
    assert (one.file.name, one.words) == ("Füße.mp4", "größer, süß, Ää")


@pytest.mark.parametrize(("count", "codes"), [(155, 155), (254, 254)])
def test_codes_go_on_below_where_they_are_used_up_above(count: int, codes: int) -> None:
    wanted = [Wanted(Path("/f") / f"{number}.mp4") for number in range(count)]
    shown = parse_protocol(protocol_text(wanted, Draft("p"), Path("/f"))).file.stimulus
    assert len({s.code for s in shown} - {100}) == codes
    assert [s.code for s in shown[:2]] == [101, 102]
    with pytest.raises(ConfigError, match="300 stimuli, and there are 254 codes"):
        protocol_text([Wanted(Path(f"/f/{n}.mp4")) for n in range(300)], Draft("p"), Path("/f"))


def test_a_name_that_cannot_be_kept_goes_by_its_code() -> None:
    files = ("恐惧1", "高兴1", "Café 2", "(b)")
    wanted = [Wanted(Path("/f") / f"{name}.mp4") for name in files]
    shown = parse_protocol(protocol_text(wanted, Draft("p"), Path("/f"))).file.stimulus
    assert [s.name for s in shown] == ["stimulus-101", "stimulus-102", "Cafe-2", "b"]


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
