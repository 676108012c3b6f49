"""Reading a protocol: a file of the user's, or one that ships."""

from __future__ import annotations

import json
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from acquire.errors import ConfigError
from acquire.protocol.check import problems
from acquire.protocol.model import KINDS, TABLES, Protocol, ProtocolFile
from acquire.protocol.problem_text import problem_text
from acquire.protocol.scales import SCALES
from acquire.text_files import read_written, toml_of, write_new
from acquire.validation_text import suggestion
from recordings.names import at_home


def _folder() -> Traversable:
    return resources.files("acquire.protocol") / "shipped"


def shipped() -> list[str]:
    """List the protocols that come with the program."""
    names = (entry.name for entry in _folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _text_of(name: str) -> str:
    return (_folder() / f"{name}.toml").read_text(encoding="utf-8")


def load_protocol(name: str | Path) -> Protocol:
    """Read a protocol file, or the shipped protocol of that name.

    Raises:
        ConfigError: naming file, key and remedy.
    """
    known = shipped()
    if str(name) in known:
        return parse_protocol(_text_of(str(name)))
    path = at_home(Path(name))
    missing = f"no such protocol file, and none is shipped{suggestion(str(name), known)}"
    return parse_protocol(read_written(path, missing), path)


def copy_shipped(name: str, path: Path) -> None:
    """Write a shipped protocol to a file that does not exist yet.

    Raises:
        ConfigError: there is none of that name, or the file cannot be written.
    """
    if name not in (known := shipped()):
        raise ConfigError(f"{name}: no protocol of that name is shipped{suggestion(name, known)}")
    write_new(path, _text_of(name))


def parse_protocol(text: str, path: Path | None = None) -> Protocol:
    """Check the text of a protocol file; see `load_protocol`."""
    where = str(path or "protocol")
    raw = toml_of(text, where)
    try:
        # As JSON: only so pydantic is strict ("1" is no 1) and takes lists for tuples all the same.
        file = ProtocolFile.model_validate_json(json.dumps(raw, default=str), strict=True)
    except ValidationError as error:
        said = problem_text(error, raw, {"step": KINDS, "scale": SCALES}, TABLES)
        raise ConfigError(f"{where}: {said}") from error
    protocol = Protocol(path, text, file)
    for problem in problems(protocol):
        raise ConfigError(f"{where}: {problem}")
    return protocol
