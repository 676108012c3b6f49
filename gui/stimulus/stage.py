"""What belongs into each frame as pixels, and what keys and clicks mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtMultimedia import QAudioDevice

from acquire.lsl.clock import local_clock
from acquire.player.host import PlayerHost
from acquire.player.marks import UNFINISHED, Picture, Visit
from acquire.player.messages import KeyPress
from acquire.protocol.media import MediaInfo
from gui.stimulus.answering import Draft, key_pressed, unfinished
from gui.stimulus.clip import ClipFrame
from gui.stimulus.clip_show import ClipShow
from gui.stimulus.mirror import Mirror
from gui.stimulus.pages import Drawn, PageDrawer
from gui.stimulus.sound import Sound, tone
from gui.stimulus.stills import Stills

MIRROR_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Scene:
    """One frame: what it shows, and from what it is painted."""

    picture: Picture
    image: QImage | None
    where: QPointF
    frame: ClipFrame | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for frames that look the same."""
        number = self.frame.index if self.frame else None
        return (id(self.image), number, self.picture.patch)


class Stage:
    """The participant's screen without the screen."""

    def __init__(
        self,
        host: PlayerHost,
        size: QSize,
        pixels_per_mm: float,
        ratio: float,
        speakers: QAudioDevice | None,
    ) -> None:
        """Prepare to draw into `size` device-independent pixels, `ratio` device pixels in each."""
        self._host = host
        self._player = host.player
        self._player.hear_key = self._hear
        self._pixels_per_mm = pixels_per_mm
        self._speakers = speakers
        self._mirror = Mirror(host)
        self._clips = ClipShow(host, speakers)
        self._fit(size, ratio)
        self._drawn: tuple[object, Drawn] | None = None
        self._draft = Draft()
        self._drafted: Visit | None = None
        self._pressed_on: Visit | None = None  # the page on which the mouse was pressed last
        self._bell: Sound | None = None
        self._shots = 0

    def _fit(self, size: QSize, ratio: float) -> None:
        self._size, self._ratio = size, ratio
        table, words = self._host.protocol.file.protocol, self._host.protocol.file.words
        self._drawer = PageDrawer(size, table.background, self._pixels_per_mm, ratio, words)
        side = round(table.patch_mm * self._pixels_per_mm)
        self._patch = corner(size, side, table.patch_corner)
        self._stills = Stills(size * ratio)

    def resize(self, size: QSize, ratio: float) -> None:
        """Draw into another size from now on; a clip that is on keeps its own."""
        if (size, ratio) == (self._size, self._ratio):
            return
        self._stills.close()
        self._fit(size, ratio)
        self._drawn = None
        text = f"the participant's window is {size.width()} x {size.height()} now"
        self._player.complain("protocol", f"{text}; see that all is seen", local_clock())

    def leave(self, time: float) -> bool:
        """Hear that the window is closed: it ends the protocol, as the stop key does."""
        self._player.run.abort("participant", time)
        return self._player.run.finished

    # Frames.

    def scene(self, due: float) -> Scene:
        """Say what to paint into the frame that is due at LSL time `due`."""
        picture = self._player.picture(due)
        visit, page = picture.visit, picture.page
        if visit is not None and page is not None and page.kind == "clip":
            return self._clip_scene(picture, visit, due)
        self._look_ahead()
        drawn = self._draw(picture)
        return Scene(picture, drawn.image, QPointF(0, 0))

    def _draw(self, picture: Picture) -> Drawn:
        visit = picture.visit
        if visit is not self._drafted:
            self._drafted, self._draft = visit, Draft()
        page = picture.page
        key = (page, picture.paused, self._draft, visit)
        if self._drawn is None or self._drawn[0] != key:
            drawn = self._drawer.draw(page, self._draft, paused=picture.paused)
            if page is not None and page.kind == "image" and page.stimulus is not None:
                self._put_image(drawn, self._info(page.stimulus.name))
            self._drawn = (key, drawn)
        return self._drawn[1]

    def _put_image(self, drawn: Drawn, info: MediaInfo) -> None:
        image = self._stills.of(info.path)
        if image.isNull():
            text = f"{info.path.name}: can no longer be read; its page is empty"
            self._player.complain("clip-broken", text, local_clock())
        image.setDevicePixelRatio(self._ratio)
        painter = QPainter(drawn.image)
        painter.drawImage(_centred(image.deviceIndependentSize().toSize(), self._size), image)
        painter.end()

    def _info(self, name: str) -> MediaInfo:
        return self._host.media[name]

    # Clips.

    def _look_ahead(self) -> None:
        """Have the next clip or picture decoded before it is due."""
        page = self._player.run.stimulus_ahead
        if page is None or page.stimulus is None:
            return
        current = self._player.run.visit
        if page.kind == "image":
            # One that is still to be drawn itself must be there until then.
            if current is None or current.page.kind != "image" or current.onset is not None:
                self._stills.prepare(self._info(page.stimulus.name).path)
        elif current is None or current.page.kind != "clip":
            self._clips.prepare(page.stimulus.name, self._size * self._ratio)

    def _clip_scene(self, picture: Picture, visit: Visit, due: float) -> Scene:
        frame = self._clips.frame(picture, visit, due, self._size * self._ratio)
        if frame is None:
            # The background until then: the onset is the frame that shows the clip.
            blank = Picture(patch=picture.patch if visit.onset else not picture.patch)
            return Scene(blank, self._draw(blank).image, QPointF(0, 0))
        image = frame.image
        image.setDevicePixelRatio(self._ratio)
        return Scene(picture, image, _centred(image.size() / self._ratio, self._size), frame)

    # After the swap.

    def swapped(self, scene: Scene, due: float, presented: float) -> None:
        """Note that a frame came onto the screen."""
        before = self._player.run.shown
        self._clips.swapped(scene.picture, scene.frame, due)
        number = scene.frame.index if scene.frame is not None else None
        self._player.swapped(scene.picture, due, presented, number)
        shown = self._player.run.shown
        if shown is not before:
            self._ring(before)
        if shown is not None and shown is not before:
            self._keep_screenshot(scene, shown)
        if self._mirror.is_due(presented):
            self._mirror.take(self.painted(scene, MIRROR_WIDTH / self._size.width()), presented)

    def _ring(self, ended: Visit | None) -> None:
        """Call back who sat with closed eyes."""
        if ended is not None and ended.page.closed_eyes and self._speakers is not None:
            self._bell = Sound(self._speakers, tone())
            self._bell.start()

    # Painting.

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Paint a frame."""
        whole = QRect(0, 0, self._size.width(), self._size.height())
        image = scene.image
        if image is None or image.deviceIndependentSize().toSize() != self._size:
            painter.fillRect(whole, self._drawer.background)
        if image is not None:
            painter.drawImage(scene.where, image)
        painter.fillRect(self._patch, QColor("white" if scene.picture.patch else "black"))

    def painted(self, scene: Scene, scale: float = 1.0) -> QImage:
        """Give a frame as a picture, made smaller by `scale`."""
        image = QImage(self._size * scale, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.scale(scale, scale)
        self.paint(painter, scene)
        painter.end()
        return image

    def _keep_screenshot(self, scene: Scene, visit: Visit) -> None:
        folder: Path | None = self._host.order.screenshots
        if folder is None:
            return
        self._shots += 1
        folder.mkdir(parents=True, exist_ok=True)
        self.painted(scene).save(str(folder / f"{self._shots:03d}-{visit.page.step}.png"))

    # The participant.

    def key(self, name: str, text: str, time: float) -> None:
        """Hear a key."""
        self._hear(KeyPress(name, text, time))

    def _hear(self, key: KeyPress) -> None:
        visit = self._player.run.heard_by(key.time)
        item = visit.page.item if visit is not None else None
        if item is not None and key.name != self._host.protocol.file.protocol.stop_key:
            self._draft, value = key_pressed(item, self._draft, key.name, key.text)
            if value is not None:
                self._player.answer(value, key.time, key.via)
                return
            self._note_draft()
        self._player.key(key.name, key.time, key.via)

    @property
    def wants_text(self) -> bool:
        """Whether something may be typed now."""
        item = self._player.run.question
        return item is not None and item.kind == "text"

    def compose(self, text: str) -> None:
        """Show what an input method has not finished."""
        self._draft = replace(self._draft, composing=text if self.wants_text else "")

    @property
    def wants_pointer(self) -> bool:
        """Whether the mouse is of use now."""
        return self._player.run.question is not None

    def pointer(self, at: QPointF, time: float, *, pressed: bool, held: bool) -> None:
        """Hear the mouse: `pressed` = just now, `held` = the button is down."""
        visit, item = self._player.run.listening, self._player.run.question
        if item is None or self._drawn is None:
            return
        if pressed:
            self._pressed_on = visit
        targets = self._drawn[1].targets
        hover = next((n for n, t in enumerate(targets) if t.box.contains(at)), -1)
        share = self._draft.share
        # A button that is still down from the page before has moved nothing here.
        if item.kind == "slider" and held and hover < 0 and self._pressed_on is visit:
            left, right, _ = self._drawer.slider_line()
            share = min(max((at.x() - left) / (right - left), 0.0), 1.0)
        if pressed and hover >= 0:
            self._player.answer(targets[hover].value, time)
            return
        self._draft = replace(self._draft, share=share, hover=hover)
        self._note_draft()

    def _note_draft(self) -> None:
        """Keep what is begun of an answer: its time may be over before it is one."""
        visit = self._player.run.listening
        begun = unfinished(visit.page.item, self._draft) if visit and visit.page.item else None
        if visit is not None and begun is not None:
            visit.notes[UNFINISHED] = begun

    def close(self) -> None:
        """Stop what decodes and sounds."""
        self._mirror.close()
        self._stills.close()
        self._clips.drop()


def _centred(inner: QSize, outer: QSize) -> QPointF:
    return QPointF((outer.width() - inner.width()) // 2, (outer.height() - inner.height()) // 2)


def corner(size: QSize, side: int, which: str) -> QRectF:
    """Give the place of the photodiode patch: `side` pixels, a quarter of the screen at most."""
    side = max(8, min(side, size.width() // 4, size.height() // 4))
    left = 0 if which.endswith("left") else size.width() - side
    top = 0 if which.startswith("top") else size.height() - side
    return QRectF(left, top, side, side)
