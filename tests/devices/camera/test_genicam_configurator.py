"""How nodes are set and read back, with the kinds of camera that the other tests do not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from devices.base import DeviceError
from devices.camera.genicam_configurator import Configurator
from devices.camera.genicam_nodes import Configured, GenicamSettings, Kind, Limits, Value


class Camera:
    """Nodes as a dictionary: sizes in steps of 16, exposure in steps of 7.5 µs, 100 Hz at most."""

    def __init__(self, **more: Value) -> None:
        self.written: list[tuple[str, Value]] = []
        values: dict[str, Value] = {
            "Width": 320,
            "Height": 200,
            "OffsetX": 64,
            "OffsetY": 0,
            "PixelFormat": "Mono8",
            "ExposureTime": 5000.0,
            "ExposureAuto": "Continuous",
            "Gain": 0.0,
            "AcquisitionFrameRateEnable": False,
            "AcquisitionFrameRate": 50.0,
            "ResultingFrameRate": 50.0,
        }
        self.values = values | more

    def names(self) -> Sequence[str]:
        return [*self.values, "LineDebouncer"]

    def kind(self, name: str) -> Kind | None:
        if name.endswith("Auto") or name in ("PixelFormat", "TriggerMode"):
            return "enumeration" if name in self.values else None
        kinds: dict[type, Kind] = {bool: "boolean", int: "integer", float: "float", str: "string"}
        return kinds[type(self.values[name])] if name in self.values else None

    def get(self, name: str) -> Value:
        return self.values[name]

    def set(self, name: str, value: Value) -> None:
        self.written.append((name, value))
        if name == "ExposureTime":
            value = round(float(value) / 7.5) * 7.5
        self.values[name] = value
        if name == "AcquisitionFrameRate":
            self.values["ResultingFrameRate"] = min(float(value), 100.0)

    def limits(self, name: str) -> Limits:
        if name in ("Width", "Height"):
            return Limits(16, 640 - float(self.values["OffsetX"]), 16)
        return Limits(0, 1000)

    def entries(self, name: str) -> Sequence[str]:
        return (
            ("Mono8", "Mono12", "BayerRG8")
            if name == "PixelFormat"
            else ("Off", "Continuous", "On")
        )


def configure(camera: Camera, **settings: Any) -> Configured:
    values = {"name": "face"} | settings
    return Configurator("face", camera).configure(GenicamSettings.model_validate(values))


def test_nothing_asked_for_is_nothing_written() -> None:
    camera = Camera()
    found = configure(camera)
    assert camera.written == []
    assert (found.width, found.height, found.rate_hz) == (320, 200, 50)
    assert found.desc == {"exposure_us": "5000", "gain_db": "0"}


def test_an_old_offset_does_not_narrow_the_size() -> None:
    camera = Camera()
    assert configure(camera, width=640, offset_x=0).width == 640
    assert camera.written[0] == ("OffsetX", 0)


def test_the_automatic_is_switched_off_and_the_rate_on() -> None:
    camera = Camera()
    found = configure(camera, exposure_us=750, rate_hz=80)
    assert camera.values["ExposureAuto"] == "Off"
    assert camera.values["AcquisitionFrameRateEnable"] is True
    assert (found.exposure_us, found.rate_hz) == (750, 80)
    assert found.notes == ()


def test_what_the_camera_rounds_is_noted() -> None:
    assert configure(Camera(), exposure_us=700).notes == (
        "exposure_us: asked for 700, the camera took 697.5",
    )


def test_nodes_come_last_and_in_order() -> None:
    camera = Camera(TriggerMode="Off", A=1, B=2.0)
    configure(camera, rate_hz=60, nodes={"B": 3, "A": 4, "TriggerMode": "Off"})
    assert camera.written[-3:] == [("B", 3.0), ("A", 4), ("TriggerMode", "Off")]


def test_a_triggered_camera_has_the_rate_of_its_trigger() -> None:
    camera = Camera(TriggerMode="Off")
    assert configure(camera, rate_hz=300, nodes={"TriggerMode": "On"}).rate_hz == 300
    assert ("AcquisitionFrameRate", 300.0) not in camera.written


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"width": 100},
            r"width = 100 is between steps; take 96 or 112 \(16 to 640 in steps",
        ),
        ({"rate_hz": 150}, r"rate_hz = 150, but the camera makes 100; shorten exposure_us, take a"),
        ({"pixel_format": "Mono10"}, r"'Mono10' is not offered; use Mono12 or Mono8 or BayerRG8"),
        ({"nodes": {"LineDebouncer": 1}}, r"LineDebouncer is not available in this state"),
        ({"nodes": {"Gain": "high"}}, r"'high' does not fit the node Gain; it takes a number"),
        ({"nodes": {"Qqqqq": 1}}, r"the camera has no node 'Qqqqq'; see its manual"),
        ({"nodes": {"AcquisitionFrameRateEnable": 1}}, r"it takes true or false"),
    ],
)
def test_refusals(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        configure(Camera(), **settings)


def test_a_camera_left_in_trigger_mode() -> None:
    with pytest.raises(DeviceError, match="wait for a trigger, and the rig does not say so"):
        configure(Camera(TriggerMode="On"))
