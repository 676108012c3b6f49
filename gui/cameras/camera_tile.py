"""A camera at a glance: what it sees, how it is exposed and focused, what became of its frames."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QVBoxLayout

from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import StreamInfo
from acquire.serving.problem import Problem
from gui.cameras.face_finder import FaceFinder, is_inside
from gui.client.client import EngineClient
from gui.client.status_text import frames, rate_now
from gui.plots.picture import PictureView, Share
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.enter_presses import PRESSES, PRESSING
from gui.widgets.focus_ring import FocusRing
from gui.widgets.plain_label import PlainLabel, plain
from gui.widgets.short_label import ShortLabel
from recordings import palette
from recordings.video.face_box import can_find_faces

PERIOD_MS = 250
SATURATED = 0.01


class CameraTile(QFrame):
    """One camera; asks for pictures only while somebody can see it."""

    large_wanted = Signal()
    large_switched = Signal()
    """By the keyboard, which the large window never takes: Enter opens and closes it."""

    def __init__(self, client: EngineClient, device: str, camera: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._client, self.device, self.camera = client, device, camera
        self._waiting = False
        self._best_focus = 0.0
        self.title = ShortLabel(camera)
        self.title.setToolTip(plain(camera))
        self.title.setStyleSheet("font-weight: 600;")
        self.view = PictureView(tr("no picture yet"), with_histogram=True)
        self.view.setAccessibleName(tr("Picture of {}").format(camera))
        self.view.setToolTip(tr("Double click, or Enter: in a window of its own"))
        self.view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.view.setProperty(PRESSES, True)
        self._ring = FocusRing(self.view)
        self.exposure, self.focus, self.counts = PlainLabel(), PlainLabel(), PlainLabel()
        self.guide = QCheckBox(tr("Box for the face"))
        self.guide.setAccessibleName(tr("Box for the face: {}").format(camera))
        self.guide.setToolTip(
            tr(
                "Dashed: where the face should be. Solid: where it is seen, looked for once a "
                "second in this picture with scikit-image's detector of frontal faces (local "
                "binary patterns); nothing of it is recorded"
            )
        )
        self.guide.toggled.connect(self._on_guide)
        self.face = PlainLabel(word_wrap=True, muted=True)
        self.face.setVisible(False)
        self._can_find = can_find_faces()
        self.finder = FaceFinder(self)
        self.finder.looked.connect(self._on_look)
        self.finder.failed.connect(self._say)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.view)
        for label in (self.counts, self.focus, self.exposure):
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self.guide)
        self.face.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Room for two lines: nothing moves when the words change.
        self.face.setMinimumHeight(2 * self.face.fontMetrics().lineSpacing())
        layout.addWidget(self.face)
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(self._ask)
        self._timer.start()
        client.get(f"devices/{device}/settings", self._on_settings, lambda problem: None)

    def end(self) -> None:
        """Stop asking for pictures and looking at them, for good."""
        self._timer.stop()
        self.finder.close()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Have it shown large."""
        self.large_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Have it shown large, or no more: what its picture leaves of keys comes here."""
        if event.key() in PRESSING and self.view.hasFocus():
            self.large_switched.emit()
        else:
            super().keyPressEvent(event)

    def show_status(self, device: DeviceInfo, stream: StreamInfo | None) -> None:
        """Show rate and counts."""
        rate = 0.0
        if stream is not None and device.state is DeviceState.RUNNING:
            rate = rate_now(stream)
        one = device.model_copy(
            update={"fates": {k: v for k, v in device.fates.items() if k == self.camera}}
        )
        counted = frames((one,))
        if counted is not None:
            text = tr("{:.1f} fps · {} stored, {} lost").format(
                rate, f"{counted.stored:,}", f"{counted.lost:,}"
            )
            if self.counts.text() != text:
                self.counts.setText(text)

    def _on_settings(self, found: object) -> None:
        settings = found["settings"] if isinstance(found, Mapping) else {}
        wanted = {
            "exposure_us": tr("exposure {:,.0f} µs"),
            "gain_db": tr("gain {:g} dB"),
            "gain": tr("gain {:g}"),
        }
        texts = [
            text.format(settings[key])
            for key, text in wanted.items()
            if isinstance(settings.get(key), int | float)
        ]
        self.exposure.setText(" · ".join(texts))
        self.exposure.setVisible(bool(texts))

    def _ask(self) -> None:
        if not self._client.is_connected:
            if self.view.image is not None:
                self.view.show_text(tr("✖ NO ENGINE"))
                for label in (self.counts, self.focus):  # of a picture that is gone
                    label.clear()
            self._forget_face()  # what the last picture shows may be long ago
            return
        if self._waiting or self.visibleRegion().isEmpty():
            return
        self._waiting = True
        path = f"devices/{self.device}/preview.jpg?stream={self.camera}"
        self._client.picture(path, self._on_picture, self._on_problem)

    def _on_picture(self, data: bytes, headers: Mapping[str, str]) -> None:
        self._waiting = False
        image = QImage.fromData(data)
        if image.isNull():
            return
        self.view.show_picture(image)
        if self.guide.isChecked() and self._can_find:
            self.finder.offer(image)
        focus = float(headers.get("x-focus", "0"))
        saturated = float(headers.get("x-saturated", "0"))
        self._best_focus = max(self._best_focus, focus)
        full = round(4 * focus / self._best_focus) if self._best_focus else 0
        bars = "▮" * full + "▯" * (4 - full)
        text = tr("focus {} {} · saturated {}").format(bars, f"{focus:,.0f}", f"{saturated:.1%}")
        self.focus.setText(text)
        self.focus.setToolTip(
            tr("Variance of the Laplacian of the middle; the bars compare with the best so far")
        )
        bad = saturated > SATURATED
        self.focus.setStyleSheet(f"color: {theme.tokens()['warning']};" if bad else "")

    def _on_problem(self, problem: Problem) -> None:
        self._waiting = False
        self.view.show_text(problem.text)
        self.focus.clear()  # of a picture that is gone
        self._forget_face()

    # The face.

    def _on_guide(self, on: bool) -> None:
        self.view.show_guide(on)
        self._forget_face()
        self.face.setVisible(on)
        self.finder.look_now()

    def _forget_face(self) -> None:
        self.view.show_face(None)
        missing = tr("the face is looked for with scikit-image: pip install 'unisono[face]'")
        self._say("" if self._can_find else missing)

    def _on_look(self, face: Share | None) -> None:
        if not self.guide.isChecked() or self.view.image is None:
            return  # it was let go of meanwhile
        self.view.show_face(face)
        if face is None:
            self._say(tr("no face seen"), "warning")
        elif is_inside(face):
            self._say(tr("face in the box"), "alive")
        else:
            self._say(tr("face not in the box: move the camera or chair"), "warning")

    def _say(self, text: str, state: str = "") -> None:
        self.face.setText(f"{palette.GLYPHS[state]} {text}" if state else text)
        theme.mark(self.face, "light", state)
