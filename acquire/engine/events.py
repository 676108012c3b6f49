"""The engine's own events as a stream: `unisono-events`, JSON text, recorded with the rest."""

from __future__ import annotations

import numpy as np

from acquire.lsl.outlet import Outlet
from devices.marker_codes import marker_spec
from recordings.manifest_entries import Event

SPEC = marker_spec("unisono-events", "Unisono", label="event")


def push(outlet: Outlet, event: Event, stamp: float | None = None) -> None:
    """Publish an event, stamped with its own time or with `stamp`, LSL seconds."""
    row = np.array([[event.model_dump_json()]], dtype=object)
    outlet.push(np.array([event.time if stamp is None else stamp]), row)
