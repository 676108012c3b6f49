"""The control API's part for devices and the rig."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import Response

from acquire.rig.foreign_driver import describe
from acquire.server.api import views
from acquire.server.api.device_models import (
    CommandAnswer,
    CommandOrder,
    DeviceChange,
    DeviceInfo,
    DeviceSettings,
    RigInfo,
    RigOrder,
    SettingsOrder,
)
from acquire.server.controller import Controller
from acquire.server.orders import take_preview


def add_devices(app: FastAPI, controller: Controller) -> None:
    """Add what concerns one device."""

    def found(name: str, *, changed: bool) -> DeviceChange:
        snapshot = controller.engine.devices[name].snapshot
        return DeviceChange(changed=changed, device=views.device(snapshot))

    @app.get("/api/devices")
    async def devices() -> list[DeviceInfo]:
        """List the rig's devices."""
        return [views.device(d) for d in controller.engine.status.devices]

    @app.post("/api/devices/{name}/start")
    def start(name: str) -> DeviceChange:
        """Start a device, and wait until it is open; where it runs, nothing changes."""
        return found(name, changed=controller.opened().devices.start(name))

    @app.post("/api/devices/{name}/stop")
    def stop(name: str) -> DeviceChange:
        """Stop a device, its video first; a recording goes on without it."""
        return found(name, changed=controller.opened().devices.stop(name))

    @app.post("/api/devices/{name}/restart")
    def restart(name: str) -> DeviceChange:
        """Stop a device and start it anew; the gap is marked in a recording."""
        controller.opened().devices.stop(name)
        return found(name, changed=controller.opened().devices.start(name))

    @app.get("/api/devices/{name}/settings")
    def settings(name: str) -> DeviceSettings:
        """Give a device's settings and what its driver takes."""
        return _settings(controller, name)

    @app.put("/api/devices/{name}/settings")
    def change(name: str, order: SettingsOrder) -> DeviceSettings:
        """Start a device anew with other settings; the rig file stays as it is."""
        controller.change_device(name, order.settings)
        return _settings(controller, name)

    @app.post("/api/devices/{name}/command")
    def command(name: str, order: CommandOrder) -> CommandAnswer:
        """Pass a command to a device's driver."""
        answer = controller.opened().devices[name].command(order.name, order.args)
        return CommandAnswer(answer=jsonable_encoder(answer or {}))


def add_preview(app: FastAPI, controller: Controller) -> None:
    """Add what a camera sees."""
    jpeg: dict[int | str, dict[str, Any]] = {
        200: {"content": {"image/jpeg": {}}, "description": "The newest frame, made small"}
    }

    @app.get("/api/devices/{name}/preview.jpg", response_class=Response, responses=jpeg)
    def preview(name: str, stream: str | None = None) -> Response:
        """Show a camera's newest frame; `stream` where the device has several cameras."""
        found = take_preview(controller.opened(), name, stream)
        headers = {
            "cache-control": "no-store",
            "x-lsl-time": f"{found.stamp:.6f}",
            "x-device-frame": str(found.device_frame),
            "x-focus": f"{found.focus:.1f}",
            "x-saturated": f"{found.saturated:.4f}",
        }
        return Response(found.jpeg, media_type="image/jpeg", headers=headers)


def _settings(controller: Controller, name: str) -> DeviceSettings:
    rig = controller.engine.rig
    table = rig.device(name)
    _, schema = describe(table.driver, rig.driver_folder)
    return DeviceSettings(
        driver=table.driver,
        settings=table.model_dump(mode="json", exclude={"name", "driver"}),
        json_schema=schema,
    )


def add_rig(app: FastAPI, controller: Controller) -> None:
    """Add the rig file."""

    def info() -> RigInfo:
        found = controller.rig
        path = str(found.path.absolute()) if found.path else None
        return RigInfo(path=path, text=found.text, sha256=found.sha256, parsed=found.parsed)

    @app.get("/api/rig")
    def rig() -> RigInfo:
        """Give the rig that is running; `parsed` has the settings changed since."""
        return info()

    @app.put("/api/rig")
    def change(order: RigOrder) -> RigInfo:
        """Run another rig."""
        controller.change_rig(order.text, save=order.save)
        return info()
