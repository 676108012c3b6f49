"""Statuses of an engine, as the window gets them, for tests without one."""

from __future__ import annotations

from acquire.engine.status import Phase
from acquire.server.api.models import DiskInfo, StatusInfo


def recording_status() -> StatusInfo:
    """Make one of an engine that has been recording for 5 s."""
    return StatusInfo(
        state=Phase.RECORDING,
        labels=None,
        session=None,
        first_sample=5.0,
        clock=10.0,
        utc="2026-11-20T10:00:00.000+00:00",
        streams=(),
        devices=(),
        disk=DiskInfo(data_dir="/data", free_bytes=10**12),
        missing=(),
        last_event=0,
        error=None,
    )
