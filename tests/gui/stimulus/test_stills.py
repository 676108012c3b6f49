"""Still pictures: as they are meant, before they are due, and none that nobody would see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QImageReader

from acquire.errors import AcquireError, ConfigError
from acquire.player.messages import PlayOrder
from gui.stimulus.stills import Stills, check_picture, load_picture
from tests.acquire.player_programs import Heard

ROOM = QSize(400, 400)


def write(path: Path, width: int = 200, height: int = 100) -> Path:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    assert image.save(str(path))
    return path


def turned(path: Path) -> Path:
    """Give a JPEG the orientation of a camera held upright (Exif 6: to be turned to the right)."""
    data = write(path).read_bytes()
    tiff = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    return path


def test_a_photograph_stands_upright(qapp: Any, tmp_path: Path) -> None:
    image = load_picture(turned(tmp_path / "a.jpg"), ROOM)
    assert (image.width(), image.height()) == (200, 400)


def test_a_large_scan_is_seen(qapp: Any, tmp_path: Path) -> None:
    """Of more than Qt's limit nothing was seen, and nothing said; here the limit is lower."""
    scan = write(tmp_path / "a.png", 1200, 1200)
    QImageReader.setAllocationLimit(1)
    try:
        assert QImage(str(scan)).isNull()
        assert load_picture(scan, ROOM).size() == ROOM
    finally:
        QImageReader.setAllocationLimit(256)


def test_the_next_picture_is_read_before_it_is_due(qapp: Any, tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.png"), write(tmp_path / "b.png")
    stills = Stills(ROOM)
    begun = stills.prepare(one)
    assert stills.prepare(one) is begun
    assert stills.of(one) is begun.result()
    assert stills.prepare(other) is not begun
    stills.close()


def test_what_nobody_would_see_is_said_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    picture = tmp_path / "a.jp2"
    _write_jpeg_2000(picture)
    with pytest.raises(ConfigError, match="convert it to PNG"):
        check_picture(picture)
    path = tmp_path / "p.toml"
    path.write_text(
        '[protocol]\nname = "p"\n[[stimulus]]\nname = "a"\nfile = "a.jp2"\ncode = 1\n'
        '[[block]]\nname = "b"\nstimuli = ["*"]\n'
        '[[block.step]]\nkind = "image"\nduration_s = 1\n'
    )
    with pytest.raises(AcquireError, match=r"a\.jp2: cannot be drawn"):
        Heard(PlayOrder(str(path), "01", windowed=True))


def _write_jpeg_2000(path: Path) -> None:
    """A picture that FFmpeg can decode, and Qt cannot draw."""
    import av
    import numpy as np

    with av.open(str(path), "w", format="image2") as container:
        stream: Any = container.add_stream("jpeg2000", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
