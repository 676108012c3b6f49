"""The rig in the window: its file, its devices' settings, a test trigger, another rig."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QDockWidget, QFileDialog, QWidget

from acquire.errors import AcquireError
from acquire.own_program import command
from acquire.server.api.device_models import DeviceSettings, RigInfo
from acquire.server.api.models import StatusInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient, words
from gui.rig import rig_text
from gui.rig.editor import RigEditor
from gui.rig.search import Search
from gui.rig.settings_form import SettingsForm
from gui.texts import tr

TEST_CODE = 1


class RigControl(QObject):
    """Opens forms beside the signals; nothing modal but the choice of a file."""

    def __init__(
        self,
        client: EngineClient,
        *,
        show_form: Callable[[str, str, QWidget], QDockWidget],
        take_rig: Callable[[object], None],
        say: Callable[[str], None],
        rig: Callable[[], RigInfo | None],
        status: Callable[[], StatusInfo | None],
        data_dir: Callable[[], str],
        parent: QWidget,
    ) -> None:
        """Prepare.

        Args:
            client: asks the engine.
            show_form: shows a form, given name, title and widget; one of the same name gives way.
            take_rig: takes in the rig that the engine runs from now on.
            say: says what needs no answer.
            rig: gives the rig that runs; None before the engine was heard.
            status: gives the engine's status; None while there is none.
            data_dir: gives the folder that new rigs record into.
            parent: below which the choice of a file opens.
        """
        super().__init__(parent)
        self._client, self._show_form, self._parent = client, show_form, parent
        self._take_rig, self._say = take_rig, say
        self._rig, self._status, self._data_dir = rig, status, data_dir
        self.editor: RigEditor | None = None

    # The rig file.

    @property
    def is_changed(self) -> bool:
        """Whether something was typed into the editor that is neither run nor saved."""
        return self.editor is not None and self.editor.is_changed

    def edit(self) -> None:
        """Open the editor with the rig that runs; with what was typed there and is not saved."""
        if self.is_changed and self.editor is not None:
            self._show_form("rig file", tr("Rig file"), self.editor)
            return
        self._client.get("rig", lambda found: self._open_editor(RigInfo.model_validate(found)))

    def _open_editor(self, rig: RigInfo, text: str | None = None) -> None:
        self.editor = RigEditor()
        self.editor.load(rig.text if text is None else text, Path(rig.path) if rig.path else None)
        self.editor.run_wanted.connect(self._run)
        self._show_form("rig file", tr("Rig file"), self.editor)

    def _run(self, text: str, save: bool) -> None:
        editor = self.editor
        assert editor is not None
        taken = partial(editor.show_taken, text, save=save)
        self._put(text, editor.show_refusal, taken, save=save)

    def _put(
        self,
        text: str,
        refused: Callable[[str], None],
        taken: Callable[[], object] = lambda: None,
        *,
        save: bool,
    ) -> None:
        def done(found: object) -> None:
            self._take_rig(found)
            taken()

        self._client.put(
            "rig",
            {"text": text, "save": save},
            done=done,
            failed=lambda problem: refused(words(problem)),
        )

    def new(self) -> None:
        """Look what is plugged in and open a rig of it in the editor, not saved yet."""
        if self.is_changed:
            self._say(tr("The rig file that is edited comes first: save it, or undo the changes"))
            self.edit()
            return
        search = Search(self)
        search.found.connect(self._on_found)
        search.start()
        self._say(tr("Looking at every port…"))

    def _on_found(self, snippets: list[str], problem: str) -> None:
        if problem or not snippets:
            self._say(problem or tr("Nothing was found that could be driven here."))
        elif (rig := self._rig()) is not None:
            found = rig_text.devices_in(snippets)
            text = tr("devices found: {}").format(found)
            if ports := len(snippets) - found:
                text = f"{text}; {tr('ports with nothing known behind them: {}').format(ports)}"
            self._say(text)
            made = rig_text.from_found("rig", snippets)
            self._open_editor(rig, rig_text.with_data_dir(made, self._data_dir()))

    def open_file(self) -> None:
        """Open another rig in a window of its own."""
        name, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Open a rig file"), str(Path.home()), tr("Rig files (*.toml)")
        )
        if name:
            self.open(name)

    def open(self, name: str) -> None:
        """Open a rig file in a window of its own."""
        # liblsl reads its configuration once: another rig may be in another LSL session.
        program, *arguments = command("acquire", "gui", name)
        QProcess.startDetached(program, arguments)

    # Devices.

    def select(self, names: list[str] | None) -> None:
        """Choose which streams are recorded; None: all."""
        self._client.put("streams/selection", {"names": names})

    def order(self, device: str, what: str) -> None:
        """Start, stop or restart a device, or open its settings."""
        if what == "settings":
            self.settings(device)
        else:
            self._client.post(f"devices/{device}/{what}")

    def settings(self, device: str) -> None:
        """Open the settings of a device."""
        self._client.get(f"devices/{device}/settings", lambda found: self._form(device, found))

    def _form(self, device: str, found: Any) -> None:
        settings = DeviceSettings.model_validate(found)
        form = SettingsForm(device, settings.driver, settings.settings, settings.json_schema)
        dock = self._show_form(f"settings {device}", tr("Settings of {}").format(device), form)
        form.closed.connect(dock.hide)
        form.applied.connect(lambda order: self._apply(device, form, order, save=False))
        form.saved.connect(lambda order: self._apply(device, form, order, save=True))

    def _apply(self, device: str, form: SettingsForm, order: dict[str, Any], *, save: bool) -> None:
        def failed(problem: Problem) -> None:
            form.show_problem(words(problem))

        def done(found: Any) -> None:
            form.show_done()
            if save:
                self._save(device, form, order["settings"])

        self._client.put(f"devices/{device}/settings", order, done=done, failed=failed)

    def _save(self, device: str, form: SettingsForm, settings: dict[str, Any]) -> None:
        """Write the settings that differ from the defaults into the rig file's text."""
        rig = self._rig()
        if rig is None or rig.path is None:
            form.show_problem(tr("The engine was started without a rig file"))
            return
        try:
            text = rig_text.with_settings(rig.text, device, form.changed(settings))
        except AcquireError as error:
            form.show_problem(str(error))
            return
        self._put(text, form.show_problem, save=True)

    def test_trigger(self) -> None:
        """Send code 1 to every trigger output; where there is none, a marker."""
        status = self._status()
        devices = status.devices if status is not None else ()
        outputs = [d.name for d in devices if d.driver.startswith("trigger-out")]
        for name in outputs:
            order: dict[str, Any] = {"name": "test", "args": {"code": TEST_CODE}}
            text = tr("test trigger {} sent by {}").format(TEST_CODE, name)
            self._send(f"devices/{name}/command", order, text)
        if not outputs:
            text = tr("marker {} set; there is no trigger output").format(TEST_CODE)
            self._send("markers", {"text": "test trigger", "code": TEST_CODE}, text)

    def _send(self, path: str, body: dict[str, Any], done: str) -> None:
        self._client.post(path, body, lambda _: self._say(done))
