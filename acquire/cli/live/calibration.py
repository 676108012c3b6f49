"""Runs the calibration of a screen: a window's business, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from typing import Any

from acquire.errors import ConfigError
from acquire.own_program import NO_WINDOW, command

START_S = 60.0


def calibrate(frames: int, **order: Any) -> dict[str, Any]:
    """Measure a screen; gives `screen_calibration.Calibration` as plain data.

    Raises:
        ConfigError: it cannot be measured; the message says why.
    """
    if find_spec("PySide6") is None:
        raise ConfigError("a screen is measured with PySide6; pip install 'unisono[gui]'")
    text = json.dumps({"frames": frames, **order})
    arguments = command("gui.stimulus.calibrate", text)
    timeout_s = START_S + frames / 10
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            creationflags=NO_WINDOW,
        )
        result: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise ConfigError(f"no result within {timeout_s:.0f} s; does the screen show it?") from None
    except ValueError:
        said = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise ConfigError(said or f"the measurement ended with {done.returncode}") from None
    if "error" in result:
        raise ConfigError(result["error"])
    return result
