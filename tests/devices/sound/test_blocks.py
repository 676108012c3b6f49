"""How loud a block is."""

from __future__ import annotations

import numpy as np
import pytest

from devices.sound.blocks import SILENCE_DB, level_of


def test_a_sine_of_full_scale_is_3_db_below() -> None:
    sine = 32767 * np.sin(2 * np.pi * np.arange(4800) / 48)
    rms, peak = level_of(sine.astype(np.int16)[:, None])
    assert rms == pytest.approx(-3.01, abs=0.01)
    assert peak == pytest.approx(0, abs=0.01)


def test_silence_has_a_level_and_the_lowest_sample_is_full_scale() -> None:
    assert level_of(np.zeros((64, 2), np.int16)).tolist() == [SILENCE_DB, SILENCE_DB]
    assert level_of(np.full((64, 1), -32768, np.int16)).tolist() == [0.0, 0.0]
