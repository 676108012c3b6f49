"""A form made from the JSON schema of a driver's settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel, plain

Schema = Mapping[str, Any]


class SettingsForm(QWidget):
    """Edits one device's settings; what is wrong is said beside its field."""

    applied = Signal(object)
    saved = Signal(object)
    closed = Signal()

    def __init__(self, device: str, driver: str, settings: Schema, schema: Schema) -> None:
        super().__init__()
        self.setAccessibleName(tr("Settings of {}").format(device))
        self._settings = dict(settings)
        self.fields: dict[str, _Field] = {}
        form = QFormLayout()
        form.setVerticalSpacing(6)
        inner = QWidget()
        inner.setLayout(form)
        for name, part in schema.get("properties", {}).items():
            if name in ("name", "driver"):
                continue
            resolved = resolve(part, schema)
            field = _Field(name, resolved, settings.get(name, resolved.get("default")))
            self.fields[name] = field
            label = PlainLabel(name)
            label.setToolTip(plain(str(resolved.get("description", ""))))
            label.setBuddy(field.widget)
            form.addRow(label, field.widget)
            if text := hint(resolved):
                form.addRow("", PlainLabel(text, word_wrap=True, muted=True))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        title = PlainLabel(f"{device} · {driver}")
        title.setStyleSheet("font-weight: 600;")
        self.problem = PlainLabel(word_wrap=True)
        self.apply = QPushButton(tr("Apply"))
        self.apply.setToolTip(tr("Starts the device anew; not while recording"))
        self.apply.setObjectName("primary")
        self.apply.clicked.connect(lambda: self._send(self.applied))
        self.save = QPushButton(tr("Apply and save"))
        self.save.setToolTip(tr("Also write what was changed into the rig file"))
        self.save.clicked.connect(lambda: self._send(self.saved))
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.closed)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.save)
        buttons.addWidget(self.apply)
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(area, 1)
        layout.addWidget(self.problem)
        layout.addLayout(buttons)
        self._first = self.values()

    def values(self) -> dict[str, Any]:
        """Give all settings as they stand in the form.

        Raises:
            ValueError: naming the first field that cannot be read.
        """
        found = dict(self._settings)
        for name, field in self.fields.items():
            try:
                value = field.value()
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            if value is None and not field.may_be_null:
                found.pop(name, None)  # it takes its default, or is asked for
            else:
                found[name] = value
        return found

    def changed(self, settings: Schema) -> dict[str, Any]:
        """Give what differs from what the form was opened with."""
        return {
            name: settings.get(name)
            for name in self.fields
            if settings.get(name) != self._first.get(name)
        }

    def show_problem(self, text: str) -> None:
        """Say why the settings were not taken."""
        self._say(f"✖ {text}", "failed")

    def show_done(self) -> None:
        """Say that they were taken."""
        self._say(tr("● The device runs with these settings"), "alive")

    def _say(self, text: str, token: str) -> None:
        self.problem.setStyleSheet(f"color: {theme.tokens()[token]};")
        self.problem.setText(text)

    def _send(self, signal: SignalInstance) -> None:
        self.problem.clear()
        try:
            signal.emit({"settings": self.values()})
        except ValueError as error:
            self.show_problem(str(error))


class _Field:
    """One setting: a box for yes or no, a list for words, a line for all else."""

    def __init__(self, name: str, schema: Schema, value: Any) -> None:
        self.widget: QWidget
        self.value: Callable[[], Any]
        kinds = {part.get("type") for part in schema.get("anyOf", [schema])}
        self.may_be_null = "null" in kinds
        if "boolean" in kinds:
            box = QCheckBox()
            box.setChecked(bool(value))
            self.widget, self.value = box, box.isChecked
        elif words := schema.get("enum") or _words(schema):
            choice = QComboBox()
            for word in words:
                choice.addItem(str(word), word)
            choice.setCurrentIndex(max(0, choice.findData(value)))
            self.widget, self.value = choice, choice.currentData
        else:
            line = QLineEdit(_text(value))
            line.setCursorPosition(0)  # else of what is long its end is seen
            self.widget = line
            self.value = lambda: _parsed(line.text().strip(), kinds)
        self.widget.setAccessibleName(name)


def _words(schema: Schema) -> list[Any]:
    for part in schema.get("anyOf", []):
        if "enum" in part:
            return [*part["enum"], *([None] if {"type": "null"} in schema["anyOf"] else [])]
    return [schema["const"]] if "const" in schema else []


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(text: str, kinds: set[Any]) -> Any:
    if not text and ("null" in kinds or "string" not in kinds):
        return None
    if "integer" in kinds or "number" in kinds:
        try:
            return (
                int(text) if "number" not in kinds or text.lstrip("+-").isdigit() else float(text)
            )
        except ValueError:
            if "string" not in kinds:
                raise ValueError(tr("{} is no number").format(repr(text))) from None
    if "string" in kinds:
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(tr("{} cannot be read; write it as JSON").format(repr(text))) from None


def resolve(part: Schema, schema: Schema) -> Schema:
    """Follow a `$ref`, and take what stands beside it."""
    name = part.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = {**schema.get("$defs", {}).get(name, {}), **part}
    if "anyOf" in found:
        found["anyOf"] = [resolve(p, schema) for p in found["anyOf"]]
    if len(found.get("allOf", ())) == 1:
        found |= resolve(found["allOf"][0], schema)
    return found


def hint(schema: Schema) -> str:
    """Say in words what a setting means and what it may be."""
    limits = []
    for part in schema.get("anyOf", [schema]):
        low = part.get("minimum", part.get("exclusiveMinimum"))
        high = part.get("maximum", part.get("exclusiveMaximum"))
        if low is not None or high is not None:
            limits.append(
                f"{'…' if low is None else f'{low:g}'} – {'…' if high is None else f'{high:g}'}"
            )
    return " · ".join(filter(None, (str(schema.get("description", "")), *limits)))
