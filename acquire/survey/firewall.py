"""Windows' firewall: the rules that once were made against this program. Never run there.

Whoever closes the first prompt with Cancel makes a rule that blocks this very program, for good and
without a further word: streams of other computers then are not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from acquire.finding import Finding
from acquire.processes import powershell

SUBJECT = "firewall"


def question(program: str) -> str:
    """Write what PowerShell is asked: rules that block a program's input, and the networks."""
    rules = (
        f"Get-NetFirewallApplicationFilter -Program {powershell.literal(program)} "
        "-ErrorAction SilentlyContinue | Get-NetFirewallRule | Where-Object { "
        "$_.Direction -eq 'Inbound' -and $_.Action -eq 'Block' -and $_.Enabled -eq 'True' }"
    )
    networks = 'Get-NetConnectionProfile | ForEach-Object { "$($_.NetworkCategory)" }'
    return (
        f'@{{ rules = @({rules} | ForEach-Object {{ "$($_.Profile)" }}); '
        f"networks = @({networks}) }} | ConvertTo-Json"
    )


def examine(program: str, ask: Callable[[str], str] = powershell.run) -> Iterator[Finding]:
    """Look at the rules of the firewall for the program that runs this."""
    try:
        answer = json.loads(ask(question(program)))
        rules, networks = list(answer["rules"]), list(answer["networks"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Finding("warn", SUBJECT, f"its rules cannot be read: {error}", "look at them by hand")
        return
    if rules:
        where = ", ".join(sorted({str(profile) for profile in rules}))
        yield Finding(
            "fail",
            SUBJECT,
            f"{len(rules)} rules block what comes in for {program} ({where})",
            "in PowerShell, as administrator: Get-NetFirewallApplicationFilter -Program "
            f"{powershell.literal(program)} | Get-NetFirewallRule | Where-Object Action -eq Block "
            "| Remove-NetFirewallRule; then start again, and allow it",
        )
    if "Public" in networks:
        yield Finding(
            "warn",
            SUBJECT,
            "a network counts as public: rules that let LSL pass do not hold there",
            "in PowerShell, as administrator: Get-NetConnectionProfile | Set-NetConnectionProfile "
            "-NetworkCategory Private",
        )
    if not rules and "Public" not in networks:
        yield Finding("ok", SUBJECT, "no rule blocks this program, and no network is public")
