"""Changes to the text of a rig file that leave comments and order alone. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acquire.errors import ConfigError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

EEG_FIELDS = ("reference", "ground", "cap")


def _read(text: str) -> TOMLDocument:
    import tomlkit  # not before a rig is changed: no window's start needs it
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"rig: not TOML: {error}; mend the text first") from error


def eeg_fields(text: str) -> dict[str, str]:
    """Read reference, ground and cap; empty where they are not given.

    Raises:
        ConfigError: the text is not TOML.
    """
    table = _read(text).get("eeg", {})
    return {name: str(table.get(name, "")) for name in EEG_FIELDS}


def with_eeg(text: str, fields: Mapping[str, str]) -> str:
    """Give the text with other EEG fields; an empty one is taken out.

    Raises:
        ConfigError: the text is not TOML.
    """
    document = _read(text)
    if eeg_fields(text) == {name: fields.get(name, "") for name in EEG_FIELDS}:
        return text
    if "eeg" not in document:
        # Before the first device: what follows [[device]] would belong to it in a reader's eye.
        document.add("eeg", {})
    for name in EEG_FIELDS:
        if value := fields.get(name, "").strip():
            document["eeg"][name] = value
        else:
            document["eeg"].pop(name, None)
    return document.as_string()


def with_settings(text: str, device: str, settings: Mapping[str, Any]) -> str:
    """Give the text with other settings of a device; what is None is taken out.

    Raises:
        ConfigError: the text is not TOML, or has no such device.
    """
    document = _read(text)
    for table in document.get("device", []):
        if table.get("name") == device:
            for key, value in settings.items():
                if value is None:
                    table.pop(key, None)
                elif table.get(key) != value:
                    table[key] = _without_none(value)
            return document.as_string()
    raise ConfigError(f"rig: no device {device!r}; it was renamed or taken out")


def _without_none(value: Any) -> Any:
    """TOML has no null: what is None is left out."""
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(v) for v in value if v is not None]
    return value


def with_data_dir(text: str, folder: str) -> str:
    """Give the text with another data folder.

    Raises:
        ConfigError: the text is not TOML.
    """
    document = _read(text)
    document["rig"]["data_dir"] = folder
    return document.as_string()


def devices_in(snippets: Sequence[str]) -> int:
    """Count the devices: a port with nothing known behind it is a comment."""
    return sum(len(_read(snippet).get("device", [])) for snippet in snippets)


def from_found(name: str, snippets: Sequence[str]) -> str:
    """Write a rig of what is plugged in; names that come twice are numbered."""
    parts = [f'[rig]\nname = "{name}"\ndata_dir = "~/unisono"\n']
    seen: dict[str, int] = {}
    for snippet in snippets:
        document = _read(snippet)
        for table in document.get("device", []):
            base = str(table.get("name", "device"))
            seen[base] = seen.get(base, 0) + 1
            if seen[base] > 1:
                table["name"] = f"{base}-{seen[base]}"
        parts.append(document.as_string().strip() + "\n")
    return "\n".join(parts)
