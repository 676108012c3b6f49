"""A camera at a glance: what it sees, how it is exposed and focused, what became of its frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from acquire.api_models import DeviceInfo, Problem, StreamInfo
from devices.base import F64Array
from gui import theme
from gui.client import EngineClient
from gui.overview import frames
from gui.texts import tr

PERIOD_MS = 250
BINS = 64
GUIDE = (0.30, 0.14, 0.40, 0.72)
"""Where a face should be: left, top, width, height, as shares of the picture."""
SATURATED = 0.01


class CameraTile(QFrame):
    """One camera; asks for pictures only while somebody can see it."""

    def __init__(self, client: EngineClient, device: str, camera: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._client, self.device, self.camera = client, device, camera
        self._waiting = False
        self._best_focus = 0.0
        self.title = QLabel(camera)
        self.title.setStyleSheet("font-weight: 600;")
        self.view = PictureView(tr("no picture yet"), with_histogram=True)
        self.view.setAccessibleName(tr("Picture of {}").format(camera))
        self.exposure, self.focus, self.counts = QLabel(), QLabel(), QLabel()
        self.guide = QCheckBox(tr("Box for the face"))
        self.guide.setToolTip(tr("Where the face should be; it is not searched for"))
        self.guide.toggled.connect(self.view.show_guide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.view)
        for label in (self.counts, self.focus, self.exposure):
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self.guide)
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(self._ask)
        self._timer.start()
        client.get(f"devices/{device}/settings", self._on_settings, lambda problem: None)

    def show_status(self, device: DeviceInfo, stream: StreamInfo | None) -> None:
        """Show rate and counts."""
        rate = stream.effective_rate_hz or stream.rate_hz if stream else 0.0
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
        if self._waiting or not self._client.is_connected or self.visibleRegion().isEmpty():
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


class PictureView(QWidget):
    """The picture, its histogram, and the box for the face."""

    def __init__(self, text: str, *, with_histogram: bool = False) -> None:
        super().__init__()
        self.image: QImage | None = None
        self._text, self._with_histogram = text, with_histogram
        self._guide = False
        self._histogram: F64Array = np.zeros(BINS)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Be as high as the picture asks for."""
        if self.image is None:
            return width * 3 // 4
        return round(width * self.image.height() / max(1, self.image.width()))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a small tile."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to see a face."""
        return QSize(160, 120)

    def show_picture(self, image: QImage) -> None:
        """Show a picture."""
        before, self.image = self.image, image
        if before is None or before.size() != image.size():
            self.updateGeometry()
        self._histogram = histogram(image)
        self.update()

    def show_text(self, text: str) -> None:
        """Say why there is none."""
        self.image, self._text = None, text
        self.update()

    def show_guide(self, on: bool) -> None:
        """Show where the face should be."""
        self._guide = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme.colour("ground"))
        if self.image is None:
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._text)
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        place = QRectF(left, top, size.width(), size.height())
        painter.drawImage(place, self.image)
        if self._guide:
            x, y, width, height = GUIDE
            painter.setPen(QPen(theme.colour("accent"), 2, Qt.PenStyle.DashLine))
            painter.drawRect(
                QRectF(
                    place.left() + x * place.width(),
                    place.top() + y * place.height(),
                    width * place.width(),
                    height * place.height(),
                )
            )
        if self._with_histogram:
            self._paint_histogram(painter, place)

    def _paint_histogram(self, painter: QPainter, place: QRectF) -> None:
        box = QRectF(place.left() + 4, place.bottom() - 34, 80, 30)
        ground = theme.colour("ground")
        ground.setAlpha(180)
        painter.fillRect(box, ground)
        points = [QPointF(box.left(), box.bottom())]
        points += [
            QPointF(
                box.left() + (k + 0.5) * box.width() / BINS, box.bottom() - v * (box.height() - 2)
            )
            for k, v in enumerate(self._histogram.tolist())
        ]
        points.append(QPointF(box.right(), box.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text"))
        painter.drawPolygon(QPolygonF(points))


def histogram(image: QImage) -> F64Array:
    """Count brightness, dark to bright, shape (64,); the largest bin is 1."""
    gray = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(gray.constBits(), np.uint8).reshape(gray.height(), gray.bytesPerLine())
    counts, _ = np.histogram(rows[:, : gray.width()], BINS, (0, 256))
    found: F64Array = counts / max(1, int(counts.max()))
    return found


class CameraPanel(QWidget):
    """The tiles of all cameras."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.tiles: dict[tuple[str, str], CameraTile] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 4, 8, 4)
        self._none = QLabel(tr("No camera in this rig"))
        theme.mark(self._none, "muted", True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addWidget(self._none)
        self._layout.addStretch(1)
        self.setMinimumWidth(200)

    def show_status(self, devices: tuple[DeviceInfo, ...], streams: tuple[StreamInfo, ...]) -> None:
        """Show the cameras that there are."""
        wanted = {(d.name, camera): d for d in devices for camera in d.cameras}
        for key in [key for key in self.tiles if key[0] not in {d.name for d in devices}]:
            self.tiles.pop(key).deleteLater()
        named = {s.name: s for s in streams}
        for key, device in wanted.items():
            if key not in self.tiles:
                self.tiles[key] = CameraTile(self._client, *key)
                self._layout.insertWidget(self._layout.count() - 1, self.tiles[key])
            self.tiles[key].show_status(device, named.get(key[1]))
        self._none.setVisible(not self.tiles)
