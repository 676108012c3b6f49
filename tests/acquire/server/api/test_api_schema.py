"""Whatever a client sends: the API keeps to its description, and the recording to its samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import TIMEOUT_S

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("schema")) as found:
        yield found


def test_no_call_costs_a_sample(daemon: Daemon) -> None:
    folder = Path(daemon.post("recording/start", {"participant": "fuzz"})["session"])
    daemon.wait_for_samples(daemon.eeg)
    odd = [
        ("GET", "/api/events?limit=-1"),
        ("GET", "/api/sessions/..%2f..%2fetc%2fpasswd/report"),
        ("POST", "/api/recording/start"),
        ("POST", "/api/devices/nobody/restart"),
        ("PUT", "/api/rig"),
        ("PUT", "/api/streams/selection"),
        ("DELETE", "/api/status"),
    ]
    for _ in range(20):
        for method, path in odd:
            assert daemon.http.request(method, path, content=b"{]").status_code in range(400, 500)
    daemon.wait_for_samples(daemon.eeg)
    daemon.post("recording/stop", {"verify": True})
    manifest = Manifest.load(folder)
    assert {s.name: s.lost for s in manifest.streams if s.rate_hz} == {daemon.eeg: 0}


@pytest.mark.parametrize("calls", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_any_call(daemon: Daemon, calls: int) -> None:
    """Last, for it may well leave another rig."""
    operations = list(
        schemathesis.openapi.from_url(f"{daemon.url}/openapi.json").get_all_operations()
    )
    for found in operations:
        assert isinstance(found, Ok)

        @settings(max_examples=calls, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=found.ok().as_strategy())
        def call(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS, timeout=TIMEOUT_S)

        call()
    assert len(operations) > 20
    assert daemon.get("status")["state"] in ("idle", "recording")
    daemon.post("recording/stop")
