"""The stimulus player's window, without a screen: pages, answers, clips, and what goes wrong."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QInputMethodEvent,
    QInputMethodQueryEvent,
    QPainter,
)
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from acquire.errors import AcquireError
from acquire.player.marks import PlayState
from acquire.player.messages import Marked, PlayOrder
from acquire.player.player import Player
from acquire.player.run import Run
from acquire.processes.messages import HostEvent
from acquire.protocol import check
from acquire.protocol.file import load_protocol
from acquire.protocol.media import probe_media
from acquire.protocol.model import Words
from acquire.protocol.plan import Page
from acquire.protocol.planner import make_plan
from acquire.protocol.scales import BUILT_IN, Choice, Item, Scale, Slider, Text
from gui.stimulus.answering import Draft, key_pressed, slider_value, unfinished
from gui.stimulus.clip import ClipDecoder
from gui.stimulus.fitting import fitted
from gui.stimulus.manikins import draw_manikin
from gui.stimulus.pages import PageDrawer
from gui.stimulus.sight import lose_sight
from gui.stimulus.surface import RasterSurface
from gui.widgets import key_names
from tests.acquire.player_programs import Heard
from tests.acquire.program import wait_for

FEEL = Choice(kind="choice", prompt="What?", options=tuple("abcdefghijkl"), intensity=5)
SCALES = {
    **BUILT_IN,
    "feel": FEEL,
    "effort": Slider(kind="slider", prompt="How hard?", minimum=-1, maximum=1),
    "why": Text(kind="text", prompt="Why?"),
}
ITEMS = [item for name, table in SCALES.items() for item in Scale(name, table).items]


# Answers.


@example(ITEMS[-1], ["a", " ", " ", "b", "enter"])  # seldom found: several blanks, inside of a text
@given(
    st.sampled_from(ITEMS),
    st.lists(st.sampled_from([*"0123456789abc ", "enter", "left", "right", "backspace", "tab"])),
)
def test_keys_give_answers_that_are_allowed(item: Item, keys: list[str]) -> None:
    draft = Draft()
    for name in keys:
        text = name if len(name) == 1 else ""
        draft, value = key_pressed(item, draft, name, text)
        if value is not None:
            assert item.check(value) == value


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1))
@example(-0.1, 0.2, 1.0)
def test_wherever_a_slider_stands_it_is_an_answer(low: float, high: float, share: float) -> None:
    """At its right end, some sliders could not be left: what is a hair above the scale is none."""
    assume(low < high)
    table = Slider(kind="slider", prompt="?", minimum=low, maximum=high)
    (item,) = Scale("s", table).items
    assert item.check(slider_value(item, share)) == slider_value(item, share)


def typed(item: Item, *keys: str) -> Any:
    draft, value = Draft(), None
    for name in keys:
        draft, value = key_pressed(item, draft, name, name if len(name) == 1 else "")
    return value


@pytest.mark.parametrize(
    ("name", "keys", "begun"),
    [
        ("why", "no", "no"),
        ("why", "", ""),
        ("effort", ["right"], 0.1),
        ("effort", [], None),
        ("valence", [], None),
    ],
)
def test_what_is_begun_of_an_answer(name: str, keys: Any, begun: Any) -> None:
    item, draft = next(i for i in ITEMS if i.id == name), Draft()
    for key in keys:
        draft, _ = key_pressed(item, draft, key, key if len(key) == 1 else "")
    assert unfinished(item, draft) == (
        begun if not isinstance(begun, float) else pytest.approx(begun)
    )


def test_every_kind_of_answer_by_keys() -> None:
    by_id = {item.id: item for item in ITEMS}
    assert typed(by_id["valence"], "7") == 7
    assert typed(by_id["feel"], "0") == "j"
    assert typed(by_id["feel"], "b") == "l"
    assert typed(by_id["feel.intensity"], "6") is None
    assert typed(by_id["effort"], "enter") is None  # nothing has been moved yet
    assert typed(by_id["effort"], "right", "right", "enter") == pytest.approx(0.2)
    assert typed(by_id["why"], "o", "h", "x", "backspace", "enter") == "oh"
    assert typed(by_id["why"], " ", "enter") is None


def test_the_keys_that_a_protocol_may_name_are_those_of_the_window() -> None:
    assert set(key_names.KEYS.values()) == check.KEYS


# Pages.


def grey(image: QImage) -> np.ndarray[Any, Any]:
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width()].copy()


@pytest.mark.parametrize("size", [QSize(1920, 1080), QSize(800, 600), QSize(1080, 1920)])
def test_targets_are_apart_inside_and_give_answers(qapp: Any, size: QSize) -> None:
    drawer = PageDrawer(size, "#000000", 4.0, 1.0)
    draft = Draft(text="because", share=0.3)
    for item in ITEMS:
        drawn = drawer.draw(Page("rating", "rating", item=item), draft)
        assert drawn.targets
        for target in drawn.targets:
            assert QRectF(0, 0, size.width(), size.height()).contains(target.box)
            assert item.check(target.value) == target.value
        for one, other in combinations(drawn.targets, 2):
            assert not one.box.intersects(other.box)
        assert grey(drawn.image).max() > 150


@pytest.mark.parametrize("background", ["#000000", "#808080", "#FFFFFF"])
def test_text_can_be_read_on_any_background(qapp: Any, background: str) -> None:
    drawer = PageDrawer(QSize(800, 600), background, 4.0, 1.0)
    pixels = grey(drawer.draw(Page("instruction", "i", text="Welcome"), Draft()).image)
    contrast = (max(pixels.max(), 1) / 255 + 0.05) / (pixels.min() / 255 + 0.05)
    assert contrast > 2
    assert 0.0005 < (pixels != pixels[0, 0]).mean() < 0.3


def rating(item: Item) -> Page:
    return Page("rating", "r", item=item)


LONG = "an answer that takes many more words than whoever drew the page had thought of "


def long_pages(first: str, last: str) -> Iterator[tuple[Page, Draft]]:
    """Give pages with a long text in each place; its first and last letters are given."""
    text = f"{first} {2 * LONG}{last}"
    labels = (text, *"bcdefghijkl")
    yield Page("instruction", "i", text=f"{first} {20 * LONG}{last}"), Draft()
    items = (
        Item("a", "choice", "Which?", labels=labels),
        Item("b", "choice", text, labels=("x", "y")),
        Item("c", "likert", "How?", text, labels=("1", "2"), maximum=2),
        Item("d", "likert", "How?", labels=(text, "2", "3"), maximum=3),
        Item("e", "slider", "How?", low=text, maximum=1),
        Item("f", "slider", "How?", high=text, maximum=1),
    )
    for item in items:
        yield rating(item), Draft()


@pytest.mark.parametrize("size", [QSize(1920, 1080), QSize(800, 600), QSize(1080, 1920)])
def test_no_text_is_cut_however_long(qapp: Any, size: QSize) -> None:
    drawer = PageDrawer(size, "#000000", 4.0, 1.0)
    for one, first, last in zip(
        long_pages("W", "W"), long_pages("E", "W"), long_pages("W", "E"), strict=True
    ):
        drawn = [grey(drawer.draw(*page).image) for page in (one, first, last)]
        assert not np.array_equal(drawn[0], drawn[1]), one[0]
        assert not np.array_equal(drawn[0], drawn[2]), one[0]


def test_a_text_without_blanks_is_wrapped_where_its_script_is(qapp: Any) -> None:
    """180 characters of Chinese were drawn 8 pixels high: their line was taken for one word."""
    room = QSizeF(1536, 900)
    assert fitted(["请注视屏幕中央的十字，并放松。" * 12], room, 45).pixelSize() == 45
    (longest, short) = (fitted([n * "W"], room, 45).pixelSize() for n in (120, 20))
    assert longest < short == 45


def test_the_two_ends_of_a_slider_do_not_meet(qapp: Any) -> None:
    item = Item("s", "slider", "How?", low=LONG, high=LONG, maximum=1)
    pixels = grey(
        PageDrawer(QSize(800, 600), "#000000", 4.0, 1.0).draw(rating(item), Draft()).image
    )
    assert pixels[360:460, 396:404].max() == 0


def test_what_is_typed_last_is_seen(qapp: Any) -> None:
    drawer = PageDrawer(QSize(800, 600), "#000000", 4.0, 1.0)
    page = rating(Item("t", "text", "Why?"))
    one, two = (grey(drawer.draw(page, Draft(text=20 * LONG + end)).image) for end in "WE")
    assert not np.array_equal(one, two)


def test_the_player_speaks_the_words_of_the_protocol(qapp: Any) -> None:
    size, baseline = QSize(800, 600), Page("baseline", "b", closed_eyes=True)
    text = rating(Item("t", "text", "Why?"))
    slider = rating(Item("s", "slider", "How?", maximum=1))

    def pictures(words: Words) -> dict[str, Any]:
        draw = PageDrawer(size, "#000000", 4.0, 1.0, words).draw
        return {
            "pause": grey(draw(text, Draft(), paused=True).image),
            "close_eyes": grey(draw(baseline, Draft()).image),
            "leave_out": grey(draw(replace(text, skippable=True), Draft("a")).image),
            "move": grey(draw(slider, Draft()).image),
            "type": grey(draw(text, Draft()).image),
            "done": grey(draw(text, Draft("a")).image),
        }

    usual = pictures(Words())
    assert set(usual) == set(Words.model_fields)
    for name in usual:
        for said in ("Jetzt", f"W{2 * LONG}"):  # also a long one is seen, whole
            other = pictures(Words(**{name: said}))[name]
            assert not np.array_equal(other, usual[name]), name
        longer = pictures(Words(**{name: f"W{2 * LONG}E"}))[name]
        assert not np.array_equal(other, longer), name


def test_a_pause_hides_what_is_on(qapp: Any) -> None:
    drawer = PageDrawer(QSize(800, 600), "#000000", 4.0, 1.0)
    secret = drawer.draw(Page("instruction", "i", text="A"), Draft(), paused=True)
    other = drawer.draw(Page("fixation", "f"), Draft(), paused=True)
    assert np.array_equal(grey(secret.image), grey(other.image))


def test_no_two_manikins_are_alike(qapp: Any) -> None:
    for dimension in ("valence", "arousal", "dominance"):
        pictures = []
        for point in range(1, 10):
            image = QImage(200, 200, QImage.Format.Format_RGB32)
            image.fill(QColor("black"))
            painter = QPainter(image)
            draw_manikin(painter, QRectF(0, 0, 200, 200), dimension, point, QColor("white"))
            painter.end()
            pictures.append(grey(image))
        for one, other in combinations(pictures, 2):
            assert np.abs(one.astype(int) - other).mean() > 0.2


# Keys and mouse of the window.


class Sight:
    """Stands where the stage is: notes what the window hears."""

    wants_pointer = True
    wants_text = True

    def __init__(self) -> None:
        self.composed: list[str] = []
        self.keys: list[tuple[str, str]] = []
        self.pointed: list[tuple[QPointF, bool, bool]] = []

    def key(self, name: str, text: str, time: float) -> None:
        self.keys.append((name, text))

    def pointer(self, at: QPointF, time: float, *, pressed: bool, held: bool) -> None:
        self.pointed.append((at, pressed, held))

    def compose(self, text: str) -> None:
        self.composed.append(text)

    def resize(self, size: QSize, ratio: float) -> None:
        pass

    def leave(self, time: float) -> bool:
        return True


def test_the_window_names_keys_and_clicks(qtbot: QtBot) -> None:
    window, sight = RasterSurface(), Sight()
    window.stage = sight  # type: ignore[assignment]
    window.resize(200, 100)
    window.show()
    for key in (Qt.Key.Key_7, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_A):
        QTest.keyClick(window, key)
    assert sight.keys == [
        ("7", "7"),
        ("space", " "),
        ("enter", "\r"),
        ("escape", "\x1b"),
        ("a", "a"),
    ]
    QTest.mouseClick(window, Qt.MouseButton.LeftButton, pos=QPoint(30, 40))
    assert (QPointF(30, 40), True, True) in sight.pointed
    window.close()


def test_an_answer_is_typed_in_any_script(qtbot: QtBot) -> None:
    """Of Chinese no key tells, but the system's input method: nothing could be typed in it."""
    window, sight = RasterSurface(), Sight()
    window.stage = sight  # type: ignore[assignment]
    window.resize(200, 100)
    window.show()
    query = QInputMethodQueryEvent(
        Qt.InputMethodQuery.ImEnabled | Qt.InputMethodQuery.ImCursorRectangle
    )
    QCoreApplication.sendEvent(window, query)
    assert query.value(Qt.InputMethodQuery.ImEnabled) is True
    assert query.value(Qt.InputMethodQuery.ImCursorRectangle) == QRect(30, 34, 140, 40)
    QCoreApplication.sendEvent(window, QInputMethodEvent("kai xin", []))
    done = QInputMethodEvent("", [])
    done.setCommitString("开心")
    QCoreApplication.sendEvent(window, done)
    assert sight.composed == ["kai xin", ""]
    assert sight.keys == [("", "开心")]
    draft, value = key_pressed(Item("t", "text", "?"), Draft(), *sight.keys[0])
    assert (draft.text, value) == ("开心", None)
    sight.wants_text = False
    QCoreApplication.sendEvent(window, query)
    assert query.value(Qt.InputMethodQuery.ImEnabled) is False
    window.stage = None
    window.close()


def test_what_is_not_finished_is_seen(qapp: Any) -> None:
    drawer = PageDrawer(QSize(800, 600), "#000000", 4.0, 1.0)
    page = rating(Item("t", "text", "?"))
    one, two = (grey(drawer.draw(page, Draft("a", text)).image) for text in ("", "kai"))
    assert not np.array_equal(one, two)


# The process.


def make_clip(
    path: Path, pts: list[int], width: int = 160, height: int = 90, grain: int = 0
) -> Path:
    """Write a clip whose frame number is its brightness, at `pts` in 1/1000 s."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, time in enumerate(pts):
            flat = np.full((height, width, 3), 40 + index * 3 % 100, np.uint8)
            picture = flat + rng.integers(0, grain + 1, flat.shape, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv444p")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


EVEN = [40 * n for n in range(25)]


def protocol(folder: Path, file: Path, more: str = "") -> Path:
    path = folder / "clip.toml"
    path.write_text(
        '[protocol]\nname = "clip"\n'
        f'[[stimulus]]\nname = "c"\nfile = "{file.name}"\ncode = 101\n{more}'
        '[[block]]\nname = "b"\nstimuli = ["*"]\n'
        '[[block.step]]\nkind = "fixation"\nduration_s = 0.5\n'
        '[[block.step]]\nkind = "clip"\nend_code = 100\n'
        '[[block.step]]\nkind = "rating"\nscales = ["valence"]\n'
    )
    return path


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Heard]]:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    players: list[Heard] = []
    yield players
    for player in players:
        player.link.close()


def play(players: list[Heard], path: Path, **options: Any) -> Heard:
    player = Heard(PlayOrder(str(path), "01", windowed=True, simulate=True, **options))
    players.append(player)
    player.link.command("start")
    player.wait_over()
    return player


def test_a_clip_is_shown_frame_by_frame(shown: list[Heard], tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "c.mkv", EVEN)
    player = play(shown, protocol(tmp_path, clip), screenshots=tmp_path / "shots")
    events = Counter(m.fields["event"] for m in player.marks)
    assert events == {"onset": 3, "end": 3, "answer": 1}
    (end,) = player.seen(event="end", step="clip")
    (onset,) = player.seen(event="onset", step="clip")
    assert end.fields["frames_shown"] + end.fields["frames_dropped"] == 25
    lasted = end.time - onset.time
    # A busy machine flips late, or not at all; each flip that was missing excuses half a frame.
    missing = lasted * 60 - (end.fields["frame"] - onset.fields["frame"])
    assert end.fields["frames_dropped"] <= 2 + max(0.0, missing) / 2
    late = sum(mark.fields["presented"] - mark.fields["requested"] for mark in (onset, end))
    assert lasted == pytest.approx(1.0, abs=0.06 + late)
    assert (onset.fields["code"], end.fields["code"]) == (101, 100)
    assert len(list((tmp_path / "shots").glob("*.png"))) == 3
    first = grey(QImage(str(next((tmp_path / "shots").glob("*-clip.png")))))
    middle = first[first.shape[0] // 2, first.shape[1] // 2]
    assert abs(int(middle) - 40) <= 2  # frame 0, at the onset
    patch = [grey(QImage(str(f)))[-5, -5] for f in sorted((tmp_path / "shots").glob("*.png"))]
    assert patch == [255, 0, 255]
    snapshot = player.link.snapshot
    assert snapshot
    assert snapshot.mirror
    mirror = QImage.fromData(snapshot.mirror)
    assert mirror.width() == 320
    assert any("no audio" in text for _, text in player.events) is False  # the clip has no sound


@pytest.mark.parametrize(
    ("pts", "position_s", "dropped"),
    [
        (EVEN, 1.0, 24),
        (EVEN, 0.479, 11),  # frame 12 is due at 0.480 s
        (EVEN, 0.48, 11),
        (EVEN, 0.481, 12),
        (EVEN, 0.02, 0),
        ([0, 40, 600, 640], 0.9, 3),
        ([0, 40, 600, 640], 0.3, 0),
    ],
)
def test_what_was_due_and_never_shown_is_counted(
    tmp_path: Path, pts: list[int], position_s: float, dropped: int
) -> None:
    """A clip whose last frames came too late told of one frame less than it has."""
    info = probe_media(make_clip(tmp_path / "c.mkv", pts))
    decoder = ClipDecoder(info, 160, 90)
    try:
        wait_for(lambda: decoder.is_ready, what="frames")
        frame = decoder.frame_at(0.0)
        assert frame is not None
        decoder.note_shown(frame)
        decoder.note_end(min(position_s, info.duration_s))
        assert (decoder.shown, decoder.dropped) == (1, dropped)
    finally:
        decoder.close()


def refused(path: Path, **options: Any) -> str:
    heard = None
    with pytest.raises(AcquireError) as caught:
        heard = Heard(PlayOrder(str(path), "01", windowed=True, **options))
    assert heard is None
    return str(caught.value)


def test_what_cannot_be_shown_is_said_before_the_start(
    shown: list[Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_clip(tmp_path / "c.mkv", EVEN)
    data = whole.read_bytes()
    path = protocol(tmp_path, whole, f'sha256 = "{"0" * 64}"\n')
    assert "is another file than the protocol's" in refused(path)
    path = protocol(tmp_path, whole)
    assert "screen 7: not there; there are: 0 =" in refused(path, screen=7)
    whole.write_bytes(b"\0" * 4000)
    assert "cannot be decoded" in refused(path)
    whole.write_bytes(data[:300])
    assert "c.mkv" in refused(path)
    whole.unlink()
    assert "is not there; copy it there" in refused(path)
    whole.write_bytes(data)
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "no display" in refused(path)


def test_odd_clips_are_played_and_told_of(shown: list[Heard], tmp_path: Path) -> None:
    uneven = make_clip(tmp_path / "c.mkv", [0, 40, 80, 160, 200, 400, 440, 600], 161, 91)
    player = play(shown, protocol(tmp_path, uneven))
    said = " ".join(text for _, text in player.events)
    assert "do not come at one rate" in said
    assert "odd size 161x91" in said
    (end,) = player.seen(event="end", step="clip")
    assert end.fields["frames_shown"] >= 6


def test_a_clip_that_breaks_off_is_marked_and_never_hangs(
    shown: list[Heard], tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "c.mkv", [40 * n for n in range(75)], grain=90)
    player = Heard(PlayOrder(str(protocol(tmp_path, clip)), "01", windowed=True, simulate=True))
    shown.append(player)
    size = clip.stat().st_size
    with clip.open("r+b") as file:  # after the check, before it is played: a disk that is dying
        file.seek(size // 2)
        file.write(bytes(size - size // 2))
    player.link.command("start")
    player.wait_over()
    (onset,) = player.seen(event="onset", step="clip")
    (end,) = player.seen(event="end", step="clip")
    assert (end.fields["by"], end.fields["code"]) == ("error", 100)
    assert 0.5 < end.time - onset.time < 2.5  # of 3 s
    assert "c.mkv" in dict(player.events)["clip-broken"]
    assert player.seen(event="answer")


def test_a_clip_that_is_gone_when_it_is_due_is_marked_as_left_out(
    shown: list[Heard], tmp_path: Path
) -> None:
    """As on a share that is no longer mounted: nothing told which trial had no film."""
    clip = make_clip(tmp_path / "c.mkv", EVEN)
    other = make_clip(tmp_path / "d.mkv", EVEN)
    path = protocol(tmp_path, clip)
    text = path.read_text()
    second = f'[[stimulus]]\nname = "d"\nfile = "{other.name}"\ncode = 102\n'
    path.write_text(text.replace("[[block]]", f"{second}[[block]]"))
    player = Heard(PlayOrder(str(path), "01", windowed=True, simulate=True))
    shown.append(player)
    other.unlink()
    player.link.command("start")
    player.wait_over()
    (left,) = player.seen(event="skip")
    names = {name: left.fields[name] for name in ("trial", "step", "stimulus", "by", "code")}
    assert names == {"trial": 2, "step": "clip", "stimulus": "d", "by": "error", "code": None}
    assert len(player.seen(event="onset", step="clip")) == 1
    assert len(player.seen(event="answer")) == 2
    assert "d.mkv" in dict(player.events)["clip-broken"]


def test_what_was_typed_when_the_time_was_over_is_in_its_marker(
    shown: list[Heard], tmp_path: Path
) -> None:
    """It was lost: the answer was none."""
    path = tmp_path / "p.toml"
    path.write_text(
        '[protocol]\nname = "p"\n[scale.why]\nkind = "text"\nprompt = "Why?"\n'
        '[[block]]\nname = "b"\n[[block.step]]\nkind = "rating"\nscales = ["why"]\n'
        "timeout_s = 6\n"
    )
    player = Heard(PlayOrder(str(path), "01", windowed=True))
    shown.append(player)
    player.link.command("start")
    player.wait_for(event="onset")
    for letter in "so":
        player.link.command("key", {"name": letter, "text": letter})
    player.wait_over()
    (answer,) = player.seen(event="answer")
    assert (answer.fields["value"], answer.fields["unfinished"]) == (None, "so")


def test_a_screen_that_is_unplugged_pauses_and_is_told() -> None:
    told: list[Any] = []
    player = Player(Run(make_plan(load_protocol("demo"), "01")), told.append)
    player.run.start(1.0)
    player.swapped(player.picture(1.0), 1.0, 1.0)
    lose_sight(player, "screen HDMI-2 is gone", "plug it in")
    assert player.run.state is PlayState.PAUSED
    player.swapped(player.picture(1.1), 1.1, 1.1)
    assert [m.fields["event"] for m in told if isinstance(m, Marked)] == ["onset", "pause"]
    (event,) = [m for m in told if isinstance(m, HostEvent)]
    assert (event.level, event.code) == ("warning", "screen-gone")
    assert "HDMI-2" in event.text
    player.close()


def test_the_demo_needs_no_files() -> None:
    plan = make_plan(load_protocol("demo"), "01")
    assert all(s.generate for s in plan.stimuli)
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
