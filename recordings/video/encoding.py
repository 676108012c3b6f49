"""Frames into bytes of a file: as they are, or through an encoder and a muxer of libav."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import av
import numpy as np

from recordings.arrays import U8Array
from recordings.disk.direct_file import DirectFile
from recordings.video import raw_video
from recordings.video.codecs import Codec
from recordings.video.info import METADATA_KEY, VideoInfo
from recordings.video.pixel_formats import Picture, split_bayer, to_picture

_IO_BUFFER: Final = 1 << 18
_BIG_FRAME: Final = 1 << 20  # below, handing over to a thread costs more than it gains
MUXER_OPTIONS: Final = {
    # An index would grow in memory by 265 bytes a frame, and frames are found as fast without.
    "nut": {"write_index": "0"},
    # A cluster is in memory until it is complete; DirectFile's FLUSH_S comes on top of this.
    "matroska": {"cluster_time_limit": "200", "cluster_size_limit": str(4 << 20)},
}


class RawBody:
    """Frames as they come."""

    def __init__(self, file: DirectFile, info: VideoInfo, mark: Callable[[int], None]) -> None:
        self._file, self._mark = file, mark
        file.write(raw_video.header(info))

    def write(self, frame: U8Array, index: int) -> None:
        """Take the bytes of a frame."""
        self._file.write_aligned(frame.data, frame.ctypes.data)
        self._mark(index)

    def close(self) -> None:
        """Write what ends the file: nothing."""


class AvBody:
    """Pictures through an encoder of libav, packets through one of its muxers.

    Big frames are encoded and muxed in a thread, while the caller copies the next one: without
    that the slice threads rest while frames are split and muxed.
    """

    def __init__(
        self,
        file: DirectFile,
        info: VideoInfo,
        codec: Codec,
        threads: int,
        mark: Callable[[int], None],
        bit_exact: bool = False,
    ) -> None:
        self._info, self._mark, self._closed = info, mark, False
        self._format = codec.format(info.format) or ""
        self._converted = info.format.samples == 3 and self._format != "rgb24"
        # Of libav's own memory, for what is numpy's it copies before it encodes. One is filled
        # while the other is encoded.
        self._images = (_image(info, self._format), _image(info, self._format))
        self._pictures = tuple(_picture(image, info) for image in self._images)
        self._pool = ThreadPoolExecutor(1) if info.frame_bytes >= _BIG_FRAME else None
        self._pending: Future[None] | None = None
        options = {"flush_packets": "1", **MUXER_OPTIONS[codec.container]}
        if bit_exact:  # no version of the library, no random ids, no date
            options["fflags"] = "+bitexact"
        self._container = av.open(
            file, "w", format=codec.container, container_options=options, buffer_size=_IO_BUFFER
        )
        self._container.metadata[METADATA_KEY] = info.to_json()
        stream: Any = self._container.add_stream(
            codec.encoder_name(info.format), info.rate, codec.encoder_options(info.format)
        )
        stream.width, stream.height = info.width, info.height
        stream.pix_fmt = self._format
        self._time_base = stream.time_base = stream.codec_context.time_base = 1 / info.rate
        stream.codec_context.thread_count = threads
        stream.codec_context.thread_type = "SLICE"  # frame threads would hold frames back
        self._stream = stream
        self._container.start_encoding()

    def write(self, frame: U8Array, index: int) -> None:
        """Take the bytes of a frame."""
        info, target = self._info, self._pictures[index % 2]
        picture = to_picture(frame, info.format, info.width, info.height)
        if info.tiling == "none":
            target[:] = picture
        else:
            split_bayer(picture, target)
        if self._pool is None:
            self._encode(index)
        else:
            self._wait()
            self._pending = self._pool.submit(self._encode, index)

    def close(self) -> None:
        """Write what ends the file."""
        if self._closed:
            return
        self._closed = True
        try:
            self._wait()
            self._container.mux(self._stream.encode(None))
        finally:
            if self._pool:
                self._pool.shutdown()
            self._container.close()

    def _encode(self, index: int) -> None:
        image = self._images[index % 2]
        if self._converted:
            image = image.reformat(format=self._format)
        image.pts, image.time_base = index, self._time_base
        self._container.mux(self._stream.encode(image))
        self._mark(index)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending:
            pending.result()


def _image(info: VideoInfo, encoded: str) -> av.VideoFrame:
    """Memory for one picture, as libav wants it."""
    return av.VideoFrame(info.width, info.height, "rgb24" if info.format.samples == 3 else encoded)


def _picture(image: av.VideoFrame, info: VideoInfo) -> Picture:
    """View libav's memory as a picture; its lines start where SIMD code wants them."""
    fmt, plane = info.format, image.planes[0]
    size = fmt.dtype.itemsize
    shape = fmt.shape(info.width, info.height)
    strides = (plane.line_size, fmt.samples * size, size)[: len(shape)]
    return np.ndarray(shape, fmt.dtype, memoryview(plane), 0, strides)
