"""`/metrics` as Prometheus reads it, with its own parser as the judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import wait_for


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("metrics"), camera=True) as found:
        yield found


def scrape(daemon: Daemon) -> dict[tuple[str, frozenset[str]], float]:
    """Ask once; values by name and label values."""
    answer = daemon.http.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: dict[tuple[str, frozenset[str]], float], name: str, *labels: str) -> float:
    (value,) = (v for (n, have), v in found.items() if n == name and have >= set(labels))
    return value


def test_they_tell_what_the_status_tells(daemon: Daemon) -> None:
    idle = scrape(daemon)
    assert of(idle, "unisono_state", "idle") == 1
    assert of(idle, "unisono_recording_seconds") == 0
    daemon.post("recording/start", {"participant": "01"})
    daemon.wait_for_samples(daemon.eeg, 300)
    daemon.wait_for_samples(daemon.face, 20)
    wait_for(lambda: of(scrape(daemon), "unisono_recording_seconds") > 1)
    before = {s["name"]: s for s in daemon.get("streams")}
    found = scrape(daemon)
    after = {s["name"]: s for s in daemon.get("streams")}
    assert of(found, "unisono_state", "recording") == 1
    assert of(found, "unisono_state", "idle") == 0
    assert of(found, "unisono_disk_free_bytes") > 0
    for name in (daemon.eeg, daemon.face):
        samples = of(found, "unisono_samples_total", name)
        assert before[name]["samples"] <= samples <= after[name]["samples"]
        assert of(found, "unisono_stream_connected", name) == 1
        assert of(found, "unisono_lost_samples_total", name) == 0
        assert of(found, "unisono_device_state", name, "running") == 1
    # It has this computer's clock, which a busy one measures to milliseconds.
    assert abs(of(found, "unisono_stream_clock_offset_seconds", daemon.eeg)) < 1
    assert of(found, "unisono_frames", daemon.face, "stored") >= 20
    assert of(found, "unisono_frames", daemon.face, "ring_full") == 0
    daemon.post("recording/stop")


def test_a_device_that_is_stopped(daemon: Daemon) -> None:
    daemon.post(f"devices/{daemon.eeg}/stop")
    found = scrape(daemon)
    assert of(found, "unisono_device_state", daemon.eeg, "closed") == 1
    assert of(found, "unisono_device_state", daemon.eeg, "running") == 0
    daemon.post(f"devices/{daemon.eeg}/start")
