"""`brainflow`: every amplifier that BrainFlow knows, by the board's name.

BrainFlow stamps each sample with the wall clock of this computer. That is taken for a device clock:
the host fits it to the LSL clock, and begins anew when the wall clock is set.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, model_validator

from devices.base import (
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Settings,
    StreamQuery,
    StreamSpec,
    runs_elsewhere,
)
from devices.brainflow import impedance
from devices.brainflow.boards import Rows, plan
from devices.brainflow.connecting import connect, played_files
from devices.brainflow.impedance import CYTON, ToneMeter
from devices.brainflow.params import Params, unknown_board
from devices.brainflow.rows import Piece, Preset, due
from devices.marker_codes import codes_in, marker_spec
from devices.serial import ports

POLL_S = 0.020
SILENT_S = 3.0
"""A board that was running and sends nothing for so long has gone."""
FIRST_S = 15.0
"""A board may need so long for its first sample."""


@cache
def _boards() -> frozenset[str]:
    """Give the names of BrainFlow's boards; none where it cannot be loaded, which is said then."""
    if Brainflow.unavailable():
        return frozenset()
    import brainflow.board_shim as shim

    return frozenset(shim.BoardIds.__members__)


class BrainflowSettings(Settings):
    """Which board, how it is connected, and what it is told."""

    board: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$", description="BrainFlow's name, such as CYTON_BOARD"
    )
    params: Params = Field(default_factory=Params)
    config: tuple[str, ...] = Field(
        default=(), description="texts that are sent to the board before it starts"
    )
    insert_markers: str | None = Field(
        default=None, description="stream whose codes go into the board's marker row"
    )

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> BrainflowSettings:
        known = _boards()
        for name in (self.board, self.params.master_board) if known else ():
            if isinstance(name, str) and name and (problem := unknown_board(name, known)):
                raise ValueError(problem)
        platform = "" if runs_elsewhere(info) else sys.platform
        if problem := self.params.problem(self.board, platform):
            raise ValueError(problem)
        return self


class Brainflow(Device):
    """One board: a stream for each kind of channel that it has, and one for its markers."""

    Settings = BrainflowSettings
    summary = "EEG boards and headsets through BrainFlow (OpenBCI, Muse, g.tec Unicorn, ANT, …)"

    def __init__(self, settings: BrainflowSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._board: Any = None
        self._presets: list[Preset] = []
        self._plan: list[Rows] = []
        self._impedance: dict[str, float] = {}
        self._delivered = False  # in any life
        self._runs = False  # since it was opened
        self._heard = 0.0
        self._meter: ToneMeter | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether BrainFlow is missing or has no library for this computer."""
        try:
            import brainflow.board_shim as shim

            shim.BoardShim.disable_board_logger()
        except Exception as error:  # a wheel without a library for this processor raises anything
            return f"BrainFlow cannot be loaded ({error}); pip install brainflow"
        return None

    def inputs(self) -> Sequence[StreamQuery]:
        """Listen to the stream whose codes go into the board."""
        name = self.settings.insert_markers
        return (StreamQuery(name=name),) if name else ()

    def take(self, chunk: Chunk) -> None:
        """Write codes into the board's marker row: they land on its next sample."""
        board = self._board
        for _, code in codes_in(chunk.data):
            if board is not None:
                with contextlib.suppress(Exception):  # a board that has gone is seen by read()
                    board.insert_marker(float(code))

    def open(self) -> Sequence[StreamSpec]:
        """Connect, and start the stream."""
        self.close()
        self._check_places()
        self._board, described = connect(
            self.settings.board, self.settings.params, self.settings.config
        )
        played = played_files(self.settings.board, self.settings.params)
        self._presets = [Preset(n, d, played.get(n)) for n, d in sorted(described.items())]
        self._plan = plan(
            self.settings.name,
            self.settings.board,
            {p.number: p.description for p in self._presets},
        )
        self._runs, self._heard = False, self.clock.now()
        return tuple(self._specs())

    def _check_places(self) -> None:
        """Say what BrainFlow would not: that a file or a port is not there."""
        params = self.settings.params
        for name in ("file", "file_aux", "file_anc"):
            path = getattr(params, name)
            if path and not Path(path).is_file():
                raise DeviceError(f"params.{name}: no such file: {path}")
        if params.serial_port.startswith("/dev/") and not Path(params.serial_port).exists():
            raise DeviceError(
                ports.explain(FileNotFoundError(2, "no such port"), params.serial_port)
            )

    def _specs(self) -> Iterator[StreamSpec]:
        yield from (rows.spec for rows in self._plan)
        if self.settings.board in CYTON:
            eeg = self._plan[0].spec
            yield replace(
                eeg,
                name=f"{self.settings.name}-impedance",
                type="Impedance",
                channels=tuple(Channel(c.label, "kiloohms", "Impedance") for c in eeg.channels),
                rate_hz=0.0,
            )
        yield marker_spec(f"{self.settings.name}-markers", "BrainFlow", self.settings.board)

    def read(self) -> Iterator[Chunk | None]:
        """Yield what has come every 20 ms, in the order of the board's clock."""
        import brainflow.board_shim as shim

        assert self._board is not None, "open() comes first"
        while True:
            try:
                came = self._fetch()
            except shim.BrainFlowError as error:
                raise DeviceLost(f"{self.settings.board}: {error}") from error
            now = self.clock.now()
            if came:
                self._heard, self._runs, self._delivered = now, True, True
            for preset in self._presets:
                preset.settle(now - SILENT_S)
            for piece in due(self._presets):
                yield from self._chunks(piece)
            self._judge_silence(now - self._heard)
            yield None
            self.clock.sleep_until(now + POLL_S)

    def held_back(self) -> Iterator[Chunk]:
        """Yield the rows that wait for the next one's word, or for another preset."""
        for preset in self._presets:
            preset.settle(math.inf)
        while pieces := due(self._presets):
            for piece in pieces:
                yield from self._chunks(piece)

    def _judge_silence(self, silence_s: float) -> None:
        board = self.settings.board
        if self._runs and silence_s > SILENT_S:
            if board == "PLAYBACK_FILE_BOARD":
                raise DeviceError("the file has ended; config = ['loopback_true'] repeats it")
            raise DeviceLost(
                f"{board}: silent for {silence_s:.1f} s: out of reach, off or unplugged"
            )
        if not self._runs and silence_s > FIRST_S:
            kind = DeviceLost if self._delivered else DeviceError
            raise kind(f"{board}: no sample in {FIRST_S:g} s: is it a board of another type?")

    def _fetch(self) -> bool:
        """Take what BrainFlow has collected; say whether there was anything."""
        came = False
        for preset in self._presets:
            rows = self._board.get_board_data(preset=preset.number)
            if rows.shape[1]:
                preset.add(rows, self.clock.now())
                came = True
        return came

    def _chunks(self, piece: Piece) -> Iterator[Chunk]:
        for stream in self._plan:
            if stream.preset == piece.preset:
                data = (piece.rows[list(stream.rows)].T * stream.scale).astype(
                    np.float32, order="C"
                )
                if stream.spec.type == "Impedance":
                    self._note_impedance(stream.spec, data[-1])
                yield Chunk(stream.spec.name, piece.arrivals, data, piece.stamps, piece.lost)
        if piece.preset == 0:
            yield from self._markers(piece)
            yield from self._tone(piece)

    def _markers(self, piece: Piece) -> Iterator[Chunk]:
        values = piece.rows[self._presets[0].description["marker_channel"]]
        if len(at := np.flatnonzero(values)):
            text = np.array([[f"{value:g}"] for value in values[at]], dtype=object)
            name = f"{self.settings.name}-markers"
            yield Chunk(name, piece.arrivals[at], text, piece.stamps[at])

    def _tone(self, piece: Piece) -> Iterator[Chunk]:
        if self._meter is None:
            return
        eeg = self._plan[0]
        if (kohm := self._meter.feed(piece.rows[list(eeg.rows)].T)) is not None:
            self._note_impedance(eeg.spec, kohm)
            data = kohm[None].astype(np.float32)
            name = f"{self.settings.name}-impedance"
            yield Chunk(name, piece.arrivals[-1:], data, piece.stamps[-1:])

    def _note_impedance(self, spec: StreamSpec, kohm: npt.NDArray[Any]) -> None:
        labels = [channel.label for channel in spec.channels]
        self._impedance = dict(zip(labels, kohm.tolist(), strict=True))

    def close(self) -> None:
        """Stop and disconnect."""
        board, self._board = self._board, None
        if board is None:
            return
        for end in (board.stop_stream, board.release_session):
            with contextlib.suppress(Exception):  # each on its own: a board that has gone refuses
                end()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`marker` {value}, `impedance` {on}, `config` {text}, `status`."""
        if self._board is None:
            raise DeviceError("the board is not open")
        try:
            match name:
                case "marker":
                    self._board.insert_marker(float(args["value"]))
                    return {"value": float(args["value"])}
                case "config":
                    return {"answer": self._board.config_board(str(args["text"]))}
                case "impedance":
                    on = bool(args.get("on", True))
                    self._switch_impedance(on)
                    return {"on": on, "impedance_kohm": dict(self._impedance)}
                case "status":
                    return {"impedance_kohm": dict(self._impedance)}
        except KeyError as error:
            raise DeviceError(f"{name}: give {error.args[0]}") from error
        except (TypeError, ValueError) as error:
            raise DeviceError(f"{name}: {error}") from error
        except DeviceError:
            raise
        except Exception as error:
            raise DeviceError(f"{self.settings.board} refuses {name}: {error}") from error
        return super().command(name, args)

    def _switch_impedance(self, on: bool) -> None:
        board, eeg = self.settings.board, self._plan[0].spec
        texts = impedance.commands(board, len(eeg.channels), on=on)
        if not texts:
            raise DeviceError(f"{board}: no impedance check of this board is known here")
        for text in texts:
            self._board.config_board(text)
        self._meter = ToneMeter(eeg.rate_hz) if on and board in CYTON else None
