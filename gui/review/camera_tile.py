"""One camera of the review: its picture at the cursor, with number, stamp and fate in view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from gui.review.picture_area import Look, PictureArea, Shown
from gui.review.wording import signed_ms
from gui.texts import tr, tr_said
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from gui.widgets.short_label import ShortLabel
from recordings.review import develop
from recordings.review.frame_rows import FrameRows
from recordings.review.picture_ring import PictureRing, Unreadable
from recordings.review.session import ReviewCamera
from recordings.stream_kinds import LOST_FATES, Fate
from recordings.video.codecs import CODECS
from recordings.video.face_box import steady_box
from recordings.video.info import VideoInfo


class CameraTile(QFrame):
    """Shows the frame that decides at a moment; a picture is never shown as another's."""

    pressed = Signal(str)
    _arrived = Signal(int)

    def __init__(self, camera: ReviewCamera, budget_bytes: int, begin: float) -> None:
        """Make the tile; pictures are decoded in a thread of its ring.

        Args:
            camera: whose pictures.
            budget_bytes: for the ring.
            begin: LSL time from which moments are counted.
        """
        super().__init__()
        self.setObjectName("card")
        self.camera, self._begin = camera, begin
        self.at, self._step = -1, 0
        self._is_waiting = False
        info = camera.info
        self.ring = PictureRing(
            camera.chain.picture,
            len(camera.chain),
            picture_bytes(info) if info else 1,
            budget_bytes,
            self._arrived.emit,
            gop_of(info) if info else 1,
            leaps=info is not None and can_leap(info),
        )
        # The ring's thread tells; Qt brings it to this one.
        self._arrived.connect(self._on_arrival, Qt.ConnectionType.QueuedConnection)
        self.area = PictureArea(info.format if info else None)
        self.area.setAccessibleName(tr("Picture of {}").format(camera.name))
        self.area.pressed.connect(lambda: self.pressed.emit(camera.name))
        self.name, self.where, self.fate, self.distance = (
            PlainLabel(camera.name),
            ShortLabel(),
            PlainLabel(),
            PlainLabel(),
        )
        bold = self.name.font()
        bold.setBold(True)
        self.name.setFont(bold)
        theme.mark(self.distance, "muted", True)
        for label in (self.where, self.fate, self.distance):
            label.setFont(theme.tabular(label.font()))
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.setSpacing(12)
        head.addWidget(self.name)
        head.addWidget(self.where, 1)
        head.addWidget(self.distance)
        head.addWidget(self.fate)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.area, 1)

    @property
    def rows(self) -> FrameRows:
        """Its rows."""
        return self.camera.rows

    @property
    def is_waiting(self) -> bool:
        """Whether its picture is still being decoded."""
        return self._is_waiting

    def set_main(self, main: bool) -> None:
        """Say whether the cursor goes by this camera."""
        theme.mark(self.name, "light", "accent" if main else "")

    def is_ready(self, at: int, step: int) -> bool:
        """Ask for the picture of a row; whether it, or the reason why there is none, is there."""
        if not self.rows.is_stored(at):
            return True
        return self.ring.get(int(self.rows.stored[at]), self._numbers(at, step)) is not None

    def show_row(self, at: int, step: int, cursor: float, wait_s: float) -> None:
        """Show a row: its picture, waiting so long for it, or in words why there is none."""
        self.at, self._step = at, step
        self.area.show_what(self._shown(at, wait_s))
        self._write_head(at, cursor)

    def pin(self) -> bool:
        """Pin the frame that is shown; whether there is one."""
        shown = self.area.shown
        if not shown.is_current or shown.picture is None:
            return False
        self.area.pin(shown.number, shown.picture.copy())
        return True

    def zoom_to_face(self) -> str:
        """Show the face alone; what was in the way, or "".

        Raises:
            RecordingError: faces cannot be looked for.
        """
        shown = self.area.shown
        info = self.camera.info
        if shown.picture is None or info is None:
            return tr("no picture, no face")
        box = develop.whole(shown.picture)
        seen = develop.show(shown.picture, info.format, box, (box[2] // 2, box[3] // 2))
        found = steady_box([develop.to_8_bits(seen, info.format.bits)])
        if found is None:
            return tr("no face is found in this picture")
        self.area.set_box((found[0] * 2, found[1] * 2, found[2] * 2, found[3] * 2))
        return ""

    def set_look(self, look: Look) -> None:
        """Show pictures in another way."""
        self.area.set_look(look)

    def close_ring(self) -> None:
        """End its thread."""
        self._arrived.disconnect()
        self.ring.close()

    def _numbers(self, at: int, step: int) -> int:
        """Say how many stored frames a step of rows is, about: rows without picture are none."""
        if abs(step) <= 1:
            return step
        other = at + step
        if 0 <= other < len(self.rows) and self.rows.stored[other] >= 0:
            return int(self.rows.stored[other] - self.rows.stored[at]) or step
        return step

    def _shown(self, at: int, wait_s: float) -> Shown:
        rows, problem = self.rows, self.camera.problem
        self._is_waiting = False
        if self.camera.info is None:
            return Shown(text=tr_said(problem) or tr("no frame was stored"))
        if at < 0:
            return Shown(text=tr("before the first frame of this camera"))
        if rows.is_stored(at):
            number = int(rows.stored[at])
            got = self.ring.get(number, self._numbers(at, self._step), wait_s)
            if isinstance(got, Unreadable):
                return Shown(number, text=tr("frame {}: {}").format(f"{number:,}", got.text))
            if got is not None:
                return Shown(number, got, is_current=True)
            return self._waiting(number)
        return self._unstored(at)

    def _waiting(self, number: int) -> Shown:
        self._is_waiting = True
        before = self.area.shown
        text = tr("frame {} is being read…").format(f"{number:,}")
        return Shown(before.number, before.picture, text=text)

    def _unstored(self, at: int) -> Shown:
        said = fate_text(self.rows.fate(at))
        last = self.rows.last_stored(at)
        if last < 0:
            return Shown(text=said)
        number = int(self.rows.stored[last])
        got = self.ring.get(number, 0)
        picture = None if got is None or isinstance(got, Unreadable) else got
        ago = float(self.rows.times[at] - self.rows.times[last])
        caption = tr("dimmed: frame {}, the last one stored, {} ms before").format(
            f"{number:,}", f"{1e3 * ago:.1f}"
        )
        return Shown(number, picture, said, caption if picture is not None else "")

    def _write_head(self, at: int, cursor: float) -> None:
        rows = self.rows
        if at < 0:
            for label in (self.where, self.fate, self.distance):
                label.setText("")
            return
        stored, device = int(rows.stored[at]), int(rows.devices[at])
        time = float(rows.times[at])
        parts = [
            tr("frame {}").format(f"{stored:,}" if stored >= 0 else "–"),
            tr("row {}").format(f"{int(rows.numbers[at]):,}"),
            tr("device {}").format(f"{device:,}" if device >= 0 else "–"),
            f"{time - self._begin:.6f} s"
            if rows.are_stamps
            else tr("≈ {} s, no stamp").format(f"{time - self._begin:.3f}"),
        ]
        self.where.setText("   ".join(parts))
        fate = rows.fate(at)
        good = stored >= 0
        bad = fate is None or fate in LOST_FATES
        glyph = "●" if good else "✖" if bad else "○"
        self.fate.setText(f"{glyph} {fate_text(fate) if not good else tr('stored')}")
        theme.mark(self.fate, "light", "alive" if good else "failed" if bad else "muted")
        away = 1e3 * (time - cursor)
        self.distance.setText(signed_ms(away) if abs(away) >= 0.05 else "")

    def _on_arrival(self, number: int) -> None:
        """Show what was waited for."""
        at = self.at
        if at < 0 or self.area.shown.is_current:
            return
        last = at if self.rows.is_stored(at) else self.rows.last_stored(at)
        if last >= 0 and int(self.rows.stored[last]) == number:
            self.area.show_what(self._shown(at, 0.0))


def gop_of(info: VideoInfo) -> int:
    """Say how many frames there are from key frame to key frame."""
    codec = CODECS.get(info.codec)
    return codec.gop if codec is not None else 1


def can_leap(info: VideoInfo) -> bool:
    """Say whether any frame is read about as fast as the next one."""
    codec = CODECS.get(info.codec)
    return codec is not None and codec.gop == 1


def picture_bytes(info: VideoInfo) -> int:
    """Say how large one decoded picture is."""
    return info.width * info.height * info.format.samples * info.format.dtype.itemsize


_FATES: dict[Fate, Callable[[], str]] = {
    Fate.STORED: lambda: tr("stored"),
    Fate.GATED: lambda: tr("gated: the gate was shut"),
    Fate.DEVICE_LOST: lambda: tr("lost by the device"),
    Fate.INCOMPLETE: lambda: tr("incomplete: data were missing"),
    Fate.RING_FULL: lambda: tr("lost: the ring was full"),
    Fate.ENCODER_ERROR: lambda: tr("lost: the encoder failed"),
    Fate.NOT_RECORDING: lambda: tr("outside the recording"),
}


def fate_text(fate: Fate | None) -> str:
    """Say in words what became of a frame."""
    return _FATES[fate]() if fate is not None else tr("its fate is not known")
