"""`/metrics` for Prometheus, made from one snapshot each time it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from fastapi.responses import Response
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from acquire.engine.status import Phase
from acquire.node.engine.snapshot import NodeState
from acquire.processes.messages import DeviceState
from acquire.server.api import models as api
from acquire.server.api import views
from acquire.server.api.device_models import DeviceInfo, NodeStatus
from acquire.server.controller import Controller


def add_metrics(app: FastAPI, controller: Controller) -> None:
    """Serve `/metrics`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(controller))

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Snapshot(Collector):
    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def collect(self) -> Iterable[Metric]:
        status = views.status(self._controller)
        yield from _daemon(status)
        yield from _streams(status.streams)
        yield from _devices(status.devices)
        yield from _nodes(status.nodes)


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"unisono_{name}", text, value=value)


def _gauge(name: str, text: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"unisono_{name}", text, labels=labels)


def _counter(name: str, text: str, labels: tuple[str, ...]) -> CounterMetricFamily:
    return CounterMetricFamily(f"unisono_{name}", text, labels=labels)


def _daemon(status: api.StatusInfo) -> Iterator[Metric]:
    state = _gauge("state", "1 for the state that the daemon is in", ("state",))
    for phase in Phase:
        state.add_metric([phase], phase is status.state)
    yield state
    since = status.first_sample
    seconds = status.clock - since if since is not None else 0.0
    yield _one("recording_seconds", "How long the recording runs, s", seconds)
    disk = status.disk
    yield _one("disk_free_bytes", "Free space of the data folder, bytes", disk.free_bytes)
    if disk.minutes is not None:
        yield _one("disk_minutes", "Until the disk is full at this rate, min", disk.minutes)
    yield CounterMetricFamily("unisono_events", "Events so far", value=status.last_event)


def _streams(streams: tuple[api.StreamInfo, ...]) -> Iterator[Metric]:
    by = ("stream", "host")
    samples = _counter("samples", "Samples received", by)
    lost = _counter("lost_samples", "Samples known to be lost", by)
    connected = _gauge("stream_connected", "1 where the stream is connected", by)
    rate = _gauge("stream_rate_hz", "Effective rate, Hz", by)
    offset = _gauge("stream_clock_offset_seconds", "Clock offset to this computer, s", by)
    backlog = _gauge("stream_backlog_samples", "Samples that wait to be written", by)
    age = _gauge("stream_age_seconds", "Since the last sample arrived, s", by)
    for s in streams:
        labels = [s.name, s.hostname]
        samples.add_metric(labels, s.samples)
        lost.add_metric(labels, s.lost + s.lost_before)  # a counter never goes back
        connected.add_metric(labels, s.connected)
        age.add_metric(labels, s.age_s)
        backlog.add_metric(labels, s.backlog)
        if s.effective_rate_hz is not None:
            rate.add_metric(labels, s.effective_rate_hz)
        if s.offset_s is not None:
            offset.add_metric(labels, s.offset_s)
    yield from (samples, lost, connected, rate, offset, backlog, age)


def _devices(devices: tuple[DeviceInfo, ...]) -> Iterator[Metric]:
    state = _gauge("device_state", "1 for the state that the device is in", ("device", "state"))
    ring = _gauge("ring_fill_ratio", "How full the frame ring is, 0 to 1", ("device",))
    frames = _gauge("frames", "Frames of this recording by fate", ("camera", "fate"))
    for device in devices:
        for each in DeviceState:
            state.add_metric([device.name, each], each is device.state)
        if device.cameras:
            ring.add_metric([device.name], device.ring_fill)
        for camera, fates in device.fates.items():
            for fate, count in fates.items():
                frames.add_metric([camera, fate], count)
    yield from (state, ring, frames)


def _nodes(nodes: tuple[NodeStatus, ...]) -> Iterator[Metric]:
    by = ("node",)
    state = _gauge("node_state", "1 for the state that the node is in", ("node", "state"))
    offset = _gauge("node_clock_offset_seconds", "Clock offset to this computer, s", by)
    uncertainty = _gauge("node_clock_uncertainty_seconds", "Half a round trip, s", by)
    free = _gauge("node_disk_free_bytes", "Free space of the node's data folder, bytes", by)
    done = _gauge("node_transfer_done_bytes", "Of the session that is being fetched, bytes", by)
    total = _gauge("node_transfer_bytes", "All of that session, bytes; 0: nothing is", by)
    for node in nodes:
        for each in NodeState:
            state.add_metric([node.name, each], each is node.state)
        for metric, value in (
            (offset, node.offset_s),
            (uncertainty, node.uncertainty_s),
            (free, node.free_bytes),
            (done, node.transfer.done if node.transfer else 0),
            (total, node.transfer.total if node.transfer else 0),
        ):
            if value is not None:
                metric.add_metric([node.name], value)
    yield from (state, offset, uncertainty, free, done, total)
