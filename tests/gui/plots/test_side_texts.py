"""What is written beside the traces: each scale is that of what it stands beside."""

from __future__ import annotations

import threading

import numpy as np
from PySide6.QtCore import QRect

from acquire.lsl.streams import StreamKey
from gui.plots import side_texts
from gui.plots.canvas import Group
from gui.plots.traces import Trace, layout
from gui.plots.view_state import ViewState
from gui.signals.channel_info import ChannelInfo
from gui.signals.history import History


def test_traces_with_scales_of_their_own_each_have_theirs_beside_them() -> None:
    """The scale of the first stood for all of its kind, and was that of none of the others."""
    state = ViewState(threading.Lock(), lambda: 0.0)
    key = StreamKey("eeg", "EEG", "eeg", "here")
    state.traces = tuple(Trace(key, ChannelInfo(n, f"C{n}", "EEG", "µV")) for n in range(3))
    state.geometry.resize(QRect(0, 0, 600, 400), 1.0)
    state.geometry.places = layout(state.traces, 300.0)
    low = np.array([[-100.0, -10.0, -1000.0]] * 9)
    group = Group(History(3, 100.0), np.arange(3), np.ones(3), np.ones(3), np.zeros(3, np.uint32))
    state.scales.common = False
    state.scales.look(state.traces, group, (low, -low))
    assert [text.text for text in side_texts.readouts(state)] == ["500 µV", "50 µV", "5 mV"]
    state.scales.common = True
    assert len(side_texts.readouts(state)) == 1
