"""`unisono desktop …`: the program in this user's menu."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Put the program into this user's menu, with its icon; it then opens XDF files.",
)


@app.command()
def install() -> None:
    """Make the menu entry; done again, it leads to the program that does it."""
    from gui.desktop.menu import install as make

    for what in make():
        typer.echo(f"made {what}")


@app.command()
def remove() -> None:
    """Take it out again."""
    from gui.desktop.menu import remove as take_away

    gone = take_away()
    for what in gone:
        typer.echo(f"gone {what}")
    if not gone:
        typer.echo("there was none")
