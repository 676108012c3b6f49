"""A session with a BrainFlow board: its parameters, what it will send, and why it is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.base import DeviceError
from devices.brainflow.params import Params

RING_SAMPLES = 450_000

_WHY = {
    "UNABLE_TO_OPEN_PORT_ERROR": "the port or the Bluetooth adapter cannot be opened",
    "PORT_ALREADY_OPEN_ERROR": "the port is taken by another program; close it there",
    "SET_PORT_ERROR": "the port refuses its settings: is it another device's?",
    "BOARD_WRITE_ERROR": "the board takes no commands: is it switched on?",
    "INCOMMING_MSG_ERROR": "the board's answer is not understood: is it a board of another type?",
    "INITIAL_MSG_ERROR": "the board does not introduce itself: is it off, or of another type?",
    "BOARD_NOT_READY_ERROR": "the board was not found: is it on, charged, near, of this type?",
    "BOARD_NOT_CREATED_ERROR": "the board was not found: is it on, charged, near, of this type?",
    "ANOTHER_BOARD_IS_CREATED_ERROR": "another session with this board is open; close it",
    "SYNC_TIMEOUT_ERROR": "the board sent nothing in time: is it on and near?",
    "INVALID_ARGUMENTS_ERROR": "a parameter is wrong: compare `params` with BrainFlow's documents",
    "UNSUPPORTED_BOARD_ERROR": "BrainFlow does not support this board on this system",
}


def connect(
    board: str, params: Params, config: Sequence[str]
) -> tuple[Any, Mapping[int, dict[str, Any]]]:
    """Begin a session, and have the board send.

    Args:
        board: its name, one of BrainFlow's.
        params: what BrainFlow is to know about it.
        config: sent to the board before it starts.

    Returns:
        BrainFlow's board, and BrainFlow's description of each preset.

    Raises:
        DeviceError: it does not begin; the message says why in words.
    """
    import brainflow.board_shim as shim

    shim.BoardShim.disable_board_logger()
    number = int(shim.BoardIds[board])
    given, described = _brainflow_params(shim, number, params)
    presets = _describe(shim, board, params, described)
    session = _quiet(shim)(number, given)
    try:
        session.prepare_session()
        for text in config:
            session.config_board(text)
        session.start_stream(RING_SAMPLES)
    except shim.BrainFlowError as error:
        with contextlib.suppress(shim.BrainFlowError):
            session.release_session()
        raise _refused(shim, board, params, error) from error
    return session, presets


def played_files(board: str, params: Params) -> dict[int, Path]:
    """Say which file each preset is played from: its last row may be followed by its first."""
    if board != "PLAYBACK_FILE_BOARD":
        return {}
    files = {0: params.file, 1: params.file_aux, 2: params.file_anc}
    return {preset: Path(path) for preset, path in files.items() if path}


def _brainflow_params(shim: Any, number: int, given: Params) -> tuple[Any, int]:
    """Make BrainFlow's parameters; also say which board describes the data."""
    params = shim.BrainFlowInputParams()
    for name in given.model_fields_set - {"master_board"}:
        setattr(params, name, getattr(given, name))
    master = given.master_board
    if master == "":
        return params, number
    params.master_board = int(shim.BoardIds[master]) if isinstance(master, str) else master
    return params, params.master_board


def _describe(shim: Any, board: str, params: Params, described: int) -> dict[int, dict[str, Any]]:
    playing = board in ("PLAYBACK_FILE_BOARD", "STREAMING_BOARD")
    has = {
        0: True,
        1: not playing or bool(params.file_aux or params.ip_port_aux),
        2: not playing or bool(params.file_anc or params.ip_port_anc),
    }
    return {
        preset: shim.BoardShim.get_board_descr(described, preset)
        for preset in shim.BoardShim.get_board_presets(described)
        if has[preset]
    }


def _refused(shim: Any, board: str, params: Params, error: Any) -> DeviceError:
    code = shim.BrainFlowExitCodes(error.exit_code).name
    given = ", ".join(f"{k}={v!r}" for k, v in params.model_dump().items() if v)
    why = _WHY.get(code, "BrainFlow cannot start it")
    return DeviceError(f"{board} ({given or 'no params'}): {why} [{code}]")


def _quiet(shim: Any) -> Any:
    """Return BrainFlow's board class without its `__del__`.

    That releases the session of whoever has the same board and parameters now: an object that is
    collected late would end the session that was opened after it.
    """
    return type("Board", (shim.BoardShim,), {"__del__": lambda self: None})
