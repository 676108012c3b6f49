"""The liblsl configuration that an engine gives a node: what it may say, and nothing else."""

from __future__ import annotations

import configparser
from typing import Final

from acquire.lsl.config import as_text, new_parser
from acquire.node.wire.limits import WireError

_ALLOWED: Final = frozenset({"lab", "multicast", "ports", "tuning"})
"""Not `log`: it names a file, which would be written on the node."""


def checked_lsl_config(text: str | None) -> str | None:
    """Read and write anew what an engine wants liblsl to be told.

    Raises:
        WireError: it is no configuration, or has a section that an engine has no say in.
    """
    if text is None:
        return None
    parser = new_parser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise WireError(f"lsl_config: {str(error).splitlines()[0]}") from error
    if parser.defaults() or not set(parser.sections()) <= _ALLOWED | {"log"}:
        raise WireError(f"lsl_config: only the sections {', '.join(sorted(_ALLOWED))} are taken")
    parser.remove_section("log")
    parser.read_dict({"log": {"level": "-3"}})  # the engine says the same as events
    return as_text(parser)
