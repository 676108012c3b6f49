"""Windows: what only PowerShell can be asked for. Never run there."""

from __future__ import annotations

import subprocess

from acquire.own_program import NO_WINDOW

ANSWER_S = 30.0


def run(script: str) -> str:
    """Run a script without a profile or a window; gives what it prints.

    Raises:
        OSError: there is no PowerShell, it takes longer than `ANSWER_S`, or the script fails.
    """
    try:
        done = subprocess.run(
            ["powershell", "-NoProfile", "-NonInteractive", "-Command", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
            check=False,
            creationflags=NO_WINDOW,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"PowerShell gave no answer within {ANSWER_S:g} s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OSError(said[0] if said else f"PowerShell ended with code {done.returncode}")
    return done.stdout


def literal(text: str) -> str:
    """Write text as PowerShell takes it literally."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
