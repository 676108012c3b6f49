"""Still pictures, read before they are due in a thread of its own: a photograph takes a while."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from acquire.errors import ConfigError


class Stills:
    """The pictures of a protocol, for one screen; the next one is kept."""

    def __init__(self, size: QSize) -> None:
        """Prepare to fit them into `size` pixels."""
        self._size = size
        self._reader = ThreadPoolExecutor(1, "still reader")
        self._next: tuple[Path, Future[QImage]] | None = None

    def prepare(self, path: Path) -> Future[QImage]:
        """Begin to read a picture, unless that was begun."""
        if self._next is None or self._next[0] != path:
            self._next = path, self._reader.submit(load_picture, path, self._size)
        return self._next[1]

    def of(self, path: Path) -> QImage:
        """Give a picture, at once where it was prepared."""
        return self.prepare(path).result()

    def close(self) -> None:
        """End its thread."""
        self._reader.shutdown(cancel_futures=True)


def load_picture(path: Path, size: QSize) -> QImage:
    """Read a still picture, turned as its file says and made to fit; none can be read: null."""
    image = _reader(path).read()
    if image.isNull():
        return image
    return image.scaled(
        size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def check_picture(path: Path) -> None:
    """See whether a picture can be drawn.

    Raises:
        ConfigError: it cannot: nothing would be seen.
    """
    reader = _reader(path)
    if not reader.canRead():
        raise ConfigError(f"{path}: cannot be drawn ({reader.errorString()}); convert it to PNG")


def _reader(path: Path) -> QImageReader:
    QImageReader.setAllocationLimit(0)  # Qt's own, of 256 MB, makes a large scan a blank page
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)  # as the check of the file did
    reader.setAutoTransform(True)
    return reader
