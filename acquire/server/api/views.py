"""What the control API tells, made from the engine's snapshots and from what is on the disk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from acquire.engine.status import StreamStatus
from acquire.lsl.clock import local_clock
from acquire.node.engine.snapshot import NodeSnapshot
from acquire.node.transfer.collector import Transfer
from acquire.processes.link import DeviceSnapshot
from acquire.server.api import models as api
from acquire.server.api.base import Told
from acquire.server.api.device_models import DeviceInfo, NodeStatus, TransferInfo
from acquire.server.api.session_models import SessionInfo
from acquire.server.controller import Controller
from acquire.server.data_lock import gone
from acquire.server.recording_orders import Running, Stopped
from acquire.take.take import Outcome
from devices.base import StreamSpec
from recordings import layout
from recordings.certificate import Report
from recordings.stream_kinds import VIDEO_TYPE, Fate
from recordings.study import catalogue

MAX_FINDINGS = 3
RATE_TOLERANCE = 0.02


_Told = TypeVar("_Told", bound=Told)


def _told(model: type[_Told], found: object, **others: Any) -> _Told:
    """Tell what a snapshot has under the same names, and `others`; each field is one of the two."""
    alike = model.model_fields.keys() - others.keys()
    return model(**{name: getattr(found, name) for name in alike}, **others)


def status(controller: Controller) -> api.StatusInfo:
    """Take in everything at a glance; waits for nothing."""
    now, state = controller.engine.status, controller.state
    running, last = controller.recording.running, controller.recording.last
    return api.StatusInfo(
        state=state,
        labels=api.Labels(**asdict(running.labels)) if running else None,
        session=str(running.folder) if running else None,
        first_sample=running.lsl_start if running else None,
        clock=local_clock(),
        utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        streams=tuple(map(stream, now.streams)),
        devices=tuple(map(device, now.devices)),
        disk=disk(controller),
        missing=tuple(absent.text for absent in now.missing),
        missing_codes=tuple(absent.code for absent in now.missing),
        last_event=controller.events.last,
        error=last.error if last and not running else None,
        last=ended(controller, last) if last else None,
        contents=contents(controller),
        nodes=nodes(controller),
        listening=_listens(controller),
    )


def _listens(controller: Controller) -> bool:
    player = controller.engine.player.snapshot
    return player is not None and player.status is not None and player.status.listening


def contents(controller: Controller) -> api.ContentsInfo | None:
    """Tell whose files are being read against their hashes."""
    if (now := controller.checks.contents.state) is None:
        return None
    read, total = (now.progress.read, now.progress.total) if now.progress else (0, 0)
    return api.ContentsInfo(session=str(now.folder), read=read, total=total, rests=now.rests)


def ended(controller: Controller, last: Outcome) -> api.LastInfo:
    """Tell of the recording that ended last."""
    checked = controller.checks.first.of(last.path)
    report = checked if isinstance(checked, Report) else None
    findings = [f.told for f in report.findings if f.level != "info"] if report else []
    signals = [s for s in last.streams if s.type != VIDEO_TYPE]
    row = controller.catalogue.of(last.path)
    return _told(
        api.LastInfo,
        last,
        id=layout.session_id(last.path),
        session=str(last.path),
        samples=sum(s.samples for s in signals),
        lost_samples=sum(s.lost for s in signals),
        frames=sum(v.frames for v in last.videos),
        lost_frames=last.lost - sum(s.lost for s in signals),
        verdict=report.verdict if report else None,
        findings=tuple(findings[:MAX_FINDINGS]),
        more_findings=len(findings[MAX_FINDINGS:]),
        problem=checked if isinstance(checked, str) else None,
        copies=tuple(map(str, row.copies)),
        on_nodes=row.on_nodes,
        lost=row.lost,
    )


def stream(found: StreamStatus) -> api.StreamInfo:
    """Tell of a stream."""
    key, rate, effective = found.key, found.rate_hz, found.effective_rate_hz
    troubles = found.troubles
    if not troubles and rate and effective and abs(effective / rate - 1) > RATE_TOLERANCE:
        troubles = {"rate-off": f"effective rate {effective:.2f} Hz, nominal {rate:g} Hz"}
    if not found.connected:
        troubles = {"stream-lost": "its outlet is gone; start its program or check its cable"}
    alive: api.Health = "warning" if troubles else "alive"
    return _told(
        api.StreamInfo,
        found,
        **asdict(key),
        health=alive if found.connected else "missing",
        reason="; ".join(troubles.values()),
        causes=tuple(troubles),
        lost=found.lost if found.lost_in_take is None else found.lost_in_take,
        lost_before=0 if found.lost_in_take is None else max(0, found.lost - found.lost_in_take),
        age_s=max(0.0, local_clock() - found.last_arrival),
    )


def selection(controller: Controller) -> api.Selection:
    """Tell which streams the next recording gets."""
    names = controller.engine.streams.selection
    return api.Selection(names=None if names is None else tuple(sorted(names)))


def device(found: DeviceSnapshot) -> DeviceInfo:
    """Tell of a device."""
    specs = found.opened.specs if found.opened else ()
    return _told(
        DeviceInfo,
        found,
        streams=tuple(s.name for s in specs if isinstance(s, StreamSpec)),
        cameras=tuple(video.name for video in found.videos),
        drift_ppm=found.host.drift_ppm if found.host else None,
        ring_fill=found.host.ring_fill if found.host else 0.0,
        fates={c: dict(f) for c, f in found.host.fates.items()} if found.host else {},
    )


def nodes(controller: Controller) -> tuple[NodeStatus, ...]:
    """Tell of the other computers of the rig."""
    transfers = {transfer.node: transfer for transfer in controller.collector.transfers}
    found = controller.engine.nodes.snapshots
    return tuple(_node(snapshot, transfers.get(snapshot.name)) for snapshot in found)


def _node(found: NodeSnapshot, transfer: Transfer | None) -> NodeStatus:
    info, clock, now = found.info, found.clock, local_clock()
    return _told(
        NodeStatus,
        found,
        reason=found.trouble or "",
        since_s=max(0.0, now - found.since),
        version=info.version if info else None,
        recording=info.recording if info else False,
        free_bytes=info.disk_free_bytes if info else None,
        total_bytes=info.disk_total_bytes if info else None,
        bytes_per_s=info.disk_bytes_per_s if info else None,
        offset_s=clock.offset if clock else None,
        uncertainty_s=clock.uncertainty if clock else None,
        offset_age_s=max(0.0, now - clock.at) if clock else None,
        kept=len(info.kept) if info else 0,
        transfer=_transfer(transfer),
        problem=transfer.error if transfer else None,
    )


def _transfer(found: Transfer | None) -> TransferInfo | None:
    if found is None or (now := found.progress) is None:
        return None
    return _told(TransferInfo, now, session=str(now.session), rests=found.rests)


def disk(controller: Controller) -> api.DiskInfo:
    """Tell of the disk."""
    forecast = controller.engine.forecast
    return api.DiskInfo(
        data_dir=str(controller.data_dir),
        free_bytes=layout.free_bytes(controller.data_dir),
        bytes_per_s=forecast.bytes_per_s if forecast else None,
        minutes=forecast.minutes if forecast else None,
        gone=gone(controller.data_dir) is not None,
    )


def started(found: Running) -> api.Started:
    """Tell of the recording that runs."""
    return api.Started(
        started=found.started,
        session=str(found.folder),
        labels=api.Labels(**asdict(found.labels)),
        first_sample=found.lsl_start,
    )


def stopped(found: Stopped) -> api.StoppedAnswer:
    """Tell how a recording ended."""
    outcome = found.outcome
    if outcome is None:
        return api.StoppedAnswer(stopped=False)
    return _told(
        api.StoppedAnswer,
        outcome,
        stopped=found.stopped,
        session=str(outcome.path),
        streams=tuple(_told(api.StreamCount, s) for s in outcome.streams),
        cameras=tuple(
            _told(
                api.CameraCount,
                v,
                stored=v.frames,
                fates={f: n for f, n in v.fates.items() if f is not Fate.STORED},
            )
            for v in outcome.videos
        ),
        verdict=found.report.verdict if found.report else None,
        problem=found.problem,
    )


def session_row(row: catalogue.SessionRow) -> SessionInfo:
    """Tell of one session on the disk."""
    return _told(
        SessionInfo,
        row,
        id=layout.session_id(row.folder),
        session=str(row.folder),
        session_label=row.session,
        copies=tuple(map(str, row.copies)),
    )
