"""Whether pictures keep the size that was announced: a source may change it in mid-stream."""

from __future__ import annotations

from devices.base import Notice

Shape = tuple[int, ...]


class PictureSize:
    """Judges the shapes of one source's pictures, (height, width) or (height, width, 3)."""

    def __init__(self, shape: Shape) -> None:
        """Take the shape that was announced."""
        self.shape = shape
        self._newest = shape

    def notice(self, shape: Shape) -> Notice | None:
        """Tell once that the size changed, and once that it is as it was."""
        if shape == self._newest:
            return None
        self._newest = shape
        if shape == self.shape:
            return Notice("info", "size-as-before", f"its pictures are {_text(shape)} again")
        return Notice(
            "warning",
            "size-changed",
            f"its pictures are {_text(shape)} now, and were {_text(self.shape)}: they are counted "
            "as incomplete, not stored; set the size back, or stop and start the device",
        )

    def fault(self, shape: Shape) -> str | None:
        """Say why a picture cannot be stored; None = it can."""
        if shape == self.shape:
            return None
        return f"the picture is {_text(shape)}, not {_text(self.shape)}"


def _text(shape: Shape) -> str:
    colors = f", {shape[2]} colors" if len(shape) > 2 else ""
    return f"{shape[1]}x{shape[0]}{colors}"
