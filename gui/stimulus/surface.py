"""The window that frames are drawn on, and when each came onto the screen.

`GlSurface` is swap-synchronized: a frame is presented when Qt says `frameSwapped`. `RasterSurface`
is for computers without a graphics driver, and for tests: a timer at the screen's rate stands in
for the vertical blank, and a frame is presented when its pixels have been handed to the system.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol, cast

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import (
    QBackingStore,
    QCloseEvent,
    QGuiApplication,
    QInputMethodEvent,
    QInputMethodQueryEvent,
    QKeyEvent,
    QMouseEvent,
    QOpenGLContext,
    QPainter,
    QRegion,
    QResizeEvent,
    QSurfaceFormat,
    QWindow,
)
from PySide6.QtOpenGL import QOpenGLWindow

from acquire.lsl.clock import local_clock
from gui.stimulus.pages import typing_box
from gui.stimulus.stage import Scene
from gui.widgets.key_names import key_name

LEAD_S = 0.010
"""How long before it is due a raster frame is painted."""
UNSWAPPED_S = 0.25
"""After so long without a swap frames go on without one: a window that is hidden has none."""
UNSWAPPED_LOOKS = 2


class Frames(Protocol):
    """What a window shows: `stage.Stage`, or the flashes of a calibration."""

    @property
    def wants_pointer(self) -> bool:
        """Whether the mouse is of use now."""

    @property
    def wants_text(self) -> bool:
        """Whether something may be typed now, in any script."""

    def scene(self, due: float) -> Scene:
        """Say what to paint into the frame that is due at LSL time `due`."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Paint a frame."""

    def swapped(self, scene: Scene, due: float, presented: float) -> None:
        """Note that a frame came onto the screen."""

    def key(self, name: str, text: str, time: float) -> None:
        """Hear a key."""

    def compose(self, text: str) -> None:
        """Show what an input method has not finished: letters that are to become a word."""

    def pointer(self, at: QPointF, time: float, *, pressed: bool, held: bool) -> None:
        """Hear the mouse."""

    def resize(self, size: QSize, ratio: float) -> None:
        """Draw into another size, in device-independent pixels, from now on."""

    def leave(self, time: float) -> bool:
        """Hear that somebody closes the window; True = there is nothing more to be seen."""


class _Inputs:
    """Keys and mouse of either kind of window."""

    stage: Frames | None = None
    _typing = False  # whether the system's input method is on

    def event(self, event: QEvent) -> bool:
        """Hear an input method: Chinese is typed by one, and no key tells of it."""
        stage = self.stage
        if stage is None or not isinstance(event, QInputMethodQueryEvent | QInputMethodEvent):
            return cast("QWindow", super()).event(event)
        if isinstance(event, QInputMethodEvent):
            if event.commitString():
                stage.key("", event.commitString(), local_clock())
            stage.compose(event.preeditString())
            return True
        size = cast("QWindow", self).size()
        answers = {
            Qt.InputMethodQuery.ImEnabled: stage.wants_text,
            Qt.InputMethodQuery.ImCursorRectangle: typing_box(size).toRect(),
        }
        for query, answer in answers.items():
            if event.queries() & query:
                event.setValue(query, answer)
        event.accept()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Hear a key; a held one counts once, except where it moves or types."""
        now = local_clock()
        name = key_name(event)
        repeats = name in ("left", "right", "backspace")
        if self.stage is not None and name and (repeats or not event.isAutoRepeat()):
            self.stage.key(name, event.text(), now)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hear a click."""
        self._pointer(event, pressed=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Follow the mouse."""
        self._pointer(event, pressed=False)

    def _pointer(self, event: QMouseEvent, *, pressed: bool) -> None:
        if self.stage is not None:
            held = bool(event.buttons() & Qt.MouseButton.LeftButton)
            at = event.position()
            self.stage.pointer(at, local_clock(), pressed=pressed and held, held=held)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Stay until the engine ends it: what is on has to be marked."""
        if self.stage is not None:
            event.ignore()
            if self.stage.leave(local_clock()):
                cast("QWindow", self).hide()

    def show_pointer(self, window: QWindow) -> None:
        """Show the mouse pointer while a question is on, and only then; the same of typing."""
        wanted = self.stage is not None and self.stage.wants_pointer
        shape = Qt.CursorShape.ArrowCursor if wanted else Qt.CursorShape.BlankCursor
        if window.cursor().shape() != shape:
            window.setCursor(shape)
        typing = self.stage is not None and self.stage.wants_text
        if typing is not self._typing:
            self._typing = typing
            method = QGuiApplication.inputMethod()
            method.reset()  # what was begun for one question is no part of the next
            method.update(Qt.InputMethodQuery.ImEnabled | Qt.InputMethodQuery.ImCursorRectangle)


class RasterSurface(_Inputs, QWindow):
    """Pixels made by the processor, at the pace of a timer."""

    kind = "raster"

    def __init__(self) -> None:
        super().__init__()
        self.setSurfaceType(QWindow.SurfaceType.RasterSurface)
        self._store = QBackingStore(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._frame)
        self._key: tuple[object, ...] | None = None

    def begin(self, stage: Frames, frame_s: float, each: Callable[[], bool]) -> None:
        """Show frames from now on; `each` is called after every one, True = that was the last."""
        self.stage, self._frame_s, self._each = stage, frame_s, each
        self._store.resize(self.size())
        self._due = local_clock() + frame_s
        self._frame()

    def exposeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Paint all of it again with the next frame."""
        self._key = None

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Draw into all of it."""
        if self.stage is not None:
            self._store.resize(self.size())
            self.stage.resize(self.size(), self.devicePixelRatio())
            self._key = None

    def _frame(self) -> None:
        assert self.stage is not None
        scene = self.stage.scene(self._due)
        is_new = scene.key != self._key
        if is_new:
            self._paint(scene)
        if (left := self._due - local_clock()) > 0:
            time.sleep(left)
        if is_new:
            self._store.flush(QRegion(QRect(0, 0, self.width(), self.height())))
            self._key = scene.key
        now = local_clock()
        self.stage.swapped(scene, self._due, now)
        self.show_pointer(self)
        if self._each():
            self.stage = None
            return
        self._due += self._frame_s * (1 + math.floor(max(0.0, now - self._due) / self._frame_s))
        wait = self._due - LEAD_S - local_clock()
        self._timer.start(max(0, math.floor(wait * 1e3)))

    def _paint(self, scene: Scene) -> None:
        assert self.stage is not None
        whole = QRegion(QRect(0, 0, self.width(), self.height()))
        self._store.beginPaint(whole)
        painter = QPainter(self._store.paintDevice())
        self.stage.paint(painter, scene)
        painter.end()
        self._store.endPaint()


class GlSurface(_Inputs, QOpenGLWindow):
    """Pixels made by the graphics card, at the pace of the screen."""

    kind = "opengl"

    def __init__(self) -> None:
        super().__init__()
        form = QSurfaceFormat()
        form.setSwapInterval(1)
        form.setSwapBehavior(QSurfaceFormat.SwapBehavior.DoubleBuffer)
        self.setFormat(form)
        self._scene: Scene | None = None
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.update)
        self._watch = QTimer(self, interval=round(UNSWAPPED_S * 1e3 / UNSWAPPED_LOOKS))
        self._watch.timeout.connect(self._go_on)
        self._unswapped = 0  # looks since the last swap

    def begin(self, stage: Frames, frame_s: float, each: Callable[[], bool]) -> None:
        """Show frames from now on; `each` is called after every one, True = that was the last."""
        self.stage, self._frame_s, self._each = stage, frame_s, each
        self._last = local_clock()
        self.frameSwapped.connect(self._swapped)
        self._watch.start()
        self.update()

    def _go_on(self) -> None:
        """Show a frame to nobody: what the engine asks is obeyed, and what ends is marked."""
        # Looks are counted, not time: after a hitch of this process a swap is about to come, and
        # what it shows must not have its onset before it.
        self._unswapped += 1
        if self.stage is not None and self._unswapped > UNSWAPPED_LOOKS:
            self._due = local_clock()
            self._scene = self.stage.scene(self._due)
            self._swapped()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Draw into all of it."""
        super().resizeEvent(event)
        if self.stage is not None:
            self.stage.resize(self.size(), self.devicePixelRatio())

    def paintGL(self) -> None:  # noqa: N802
        """Paint the frame that comes with the next swap."""
        if self.stage is None:
            return
        self._due = self._last + self._frame_s
        self._scene = self.stage.scene(self._due)
        painter = QPainter(self)
        self.stage.paint(painter, self._scene)
        painter.end()

    def _swapped(self) -> None:
        now = local_clock()
        scene, self._scene = self._scene, None
        self._unswapped = 0
        if scene is None or self.stage is None:
            return
        self.stage.swapped(scene, self._due, now)
        early = now - self._last < self._frame_s / 2
        self._last = max(now, self._last + self._frame_s) if early else now
        self.show_pointer(self)
        if self._each():
            self.stage = None
            self._watch.stop()
            return
        if early:  # nothing holds the swap back: no vertical blank here
            self._timer.start(max(0, math.floor((self._last - now) * 1e3)))
        else:
            self.update()


def can_use_gl() -> bool:
    """Whether OpenGL is there and is done by a graphics card."""
    context = QOpenGLContext()
    if not context.create():
        return False
    from PySide6.QtGui import QOffscreenSurface

    surface = QOffscreenSurface()
    surface.create()
    if not context.makeCurrent(surface):
        return False
    renderer = str(context.functions().glGetString(0x1F01) or "")  # GL_RENDERER
    context.doneCurrent()
    slow = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")
    return bool(renderer) and not any(word in renderer.lower() for word in slow)
