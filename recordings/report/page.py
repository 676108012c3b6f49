"""What all pages share: templates, colours, style."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from recordings import palette
from recordings.disk.atomic import replace_file
from recordings.errors import NotWritten

_TEMPLATES: Final = Path(__file__).parent


def page_environment(*others: Path) -> Environment:
    """Return what renders templates: everything is escaped, nothing is optional.

    They lie in this folder, or in `others`.
    """
    return Environment(
        loader=FileSystemLoader([_TEMPLATES, *others]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_page(path: Path, html: str) -> None:
    """Write a page where somebody wants it.

    Raises:
        NotWritten: it cannot be written there.
    """
    try:
        replace_file(path, html.encode())
    except OSError as error:
        raise NotWritten(
            f"{path}: the page cannot be written ({error.strerror}); name another file"
        ) from error


def page_colours() -> dict[str, Markup]:
    """Return the colours and the font for `style.css.j2`."""
    return {
        "dark": Markup(palette.css_variables(palette.DARK)),
        "light": Markup(palette.css_variables(palette.LIGHT)),
        "font": Markup(palette.FONT),
    }
