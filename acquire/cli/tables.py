"""Tables that commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from acquire.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acquire.finding import Finding
    from acquire.survey.codec_speed import CameraSpeed
    from acquire.survey.inventory import StreamSeen
    from acquire.take.take import Outcome
    from devices.base import Plugged
    from devices.registry import DriverEntry
    from recordings.certificate import Report
    from recordings.repair.xdf import XdfRepaired

VERDICT_STYLE = {
    "PASS": "bold green",
    "WARN": "bold yellow",
    "FAIL": "bold red",
    "PENDING": "bold cyan",
}
GLYPH = {"PASS": "●", "WARN": "▲", "FAIL": "✖", "PENDING": "○"}


def plain_console(width: int | None = None) -> Console:
    """Return a console that prints what it is given as it is.

    Names of streams and texts of markers are anybody's: `[red]` and `:x:` are no marks of ours.
    """
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False, width=width)


def plain_table(*columns: str) -> Table:
    """Return a table without lines; a column whose name begins with > is of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        numeric = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if numeric else "left")
    return table


def outcome_table(outcome: Outcome, report: Report | None) -> None:
    """Print what was recorded, and the verdict."""
    console = plain_console()
    table = plain_table("stream", "type", ">samples", ">lost")
    for stream in outcome.streams:
        known = plain(stream.name), plain(stream.type)
        table.add_row(*known, f"{stream.samples:,}", f"{stream.lost:,}")
    console.print(table)
    for video in outcome.videos:
        console.print(
            f"{video.file}: {video.frames:,} frames stored of {video.captured:,} captured"
        )
    for sound in outcome.sounds:
        console.print(
            f"{sound.file}: {sound.frames:,} blocks of sound stored of {sound.captured:,} captured"
        )
    if report is not None:
        report_table(report, console)
    console.print(f"\n{outcome.state}: {outcome.path}")
    if report is not None:
        console.print(f"report: {outcome.path / 'report.html'}")


def report_table(report: Report, console: Console | None = None) -> None:
    """Print a certificate: pairs, truth, findings, verdict."""
    console = console or plain_console()
    if report.pairs:
        table = plain_table("pair", ">time axes within", ">resolution", ">measured p99", ">max")
        for pair in report.widest:
            truth = pair.truth
            table.add_row(
                plain(f"{pair.a} – {pair.b}"),
                f"{pair.axes_ms:.3f} ms",
                f"{pair.resolution_ms:.3f} ms",
                f"{truth.p99_ms:.3f} ms" if truth else "",
                f"{truth.max_ms:.3f} ms" if truth else "",
            )
        console.print()
        console.print(table)
        if report.left_out:
            console.print(report.left_out)
    for finding in report.findings:
        if finding.level != "info":
            remedy = f" ({finding.remedy})" if finding.remedy else ""
            console.print(plain(f"{finding.level}: {finding.told}{remedy}"))
    verdict = str(report.verdict)
    console.print(f"\n{GLYPH[verdict]} {verdict}", style=VERDICT_STYLE[verdict])


def benchmark_table(results: Sequence[CameraSpeed]) -> None:
    """Print what each codec reached, and the recommendation."""
    console = plain_console()
    for camera in results:
        console.print(
            f"{camera.camera}: {camera.needed_fps:g} frames/s, {camera.megabytes_per_s:.0f} MB/s"
        )
        table = plain_table("codec", ">frames/s", ">of what is needed", ">ratio", ">disk full in")
        for speed in camera.codecs:
            table.add_row(
                speed.codec,
                f"{speed.frames_per_s:.0f}",
                f"{speed.frames_per_s / camera.needed_fps:.2f} ×",
                f"{speed.ratio:.2f} : 1",
                f"{speed.minutes:.0f} min",
            )
        console.print(table)
        if camera.recommended:
            console.print(
                f'put into the rig file: codec = "{camera.recommended}"   '
                f"ring_s = {camera.ring_s:g}\n"
            )
        else:
            console.print(
                "no codec is fast enough here by a quarter: lower the rate or the size, or use a "
                "faster computer or disk\n"
            )


def streams_table(streams: Sequence[StreamSeen]) -> None:
    """Print what is on the network."""
    table = plain_table("name", "type", "host", ">channels", ">nominal Hz", ">measured Hz")
    for s in streams:
        measured = "" if s.measured_hz is None else f"{s.measured_hz:.2f}"
        nominal = f"{s.rate_hz:g}" if s.rate_hz else "irregular"
        known = map(plain, (s.name, s.type, s.hostname))
        table.add_row(*known, str(s.channels), nominal, measured)
    plain_console().print(table)


def findings_list(findings: Sequence[Finding]) -> None:
    """Print what the doctor found, each with its remedy."""
    console = plain_console()
    glyphs = {"ok": "●", "warn": "▲", "fail": "✖"}
    for finding in findings:
        console.print(plain(f"{glyphs[finding.level]} {finding.subject}: {finding.text}"))
        if finding.remedy:
            console.print(f"    do: {finding.remedy}")


def drivers_table(entries: Sequence[DriverEntry], found: Mapping[str, Sequence[Plugged]]) -> None:
    """Print the drivers, why one is not available, and what is plugged in with its snippet."""
    table = plain_table("driver", "", "what it is")
    for entry in entries:
        mark = "●" if entry.available else "✖"
        text = entry.summary if entry.available else entry.reason
        table.add_row(entry.name, mark, text)
    console = plain_console()
    console.print(table)
    for driver, devices in found.items():
        for device in devices:
            console.print(f"\n● {device.description} ({driver} {device.id})\n")
            console.print(device.snippet)
    if not found:
        console.print("\nplugged in: nothing that a driver here knows")


def repair_table(done: XdfRepaired) -> None:
    """Print what a repair kept, what it dropped, and where."""
    console = plain_console()
    table = plain_table("stream", ">samples", ">offsets", ">dropped", "footer", ">damaged chunks")
    for s in done.streams:
        footer = "written" if s.footer_was_missing else "renewed"
        table.add_row(
            s.shown,
            f"{s.samples:,}",
            str(s.offsets),
            str(s.offsets_dropped),
            footer,
            str(s.damaged_chunks),
        )
    console.print(table)
    for damage in done.damage:
        console.print(f"byte {damage.offset:,}: {damage.size:,} bytes dropped: {damage.reason}")
    if done.was_whole:
        console.print(
            "in the XDF file nothing was to be repaired: the copy holds what the original does"
        )
    console.print(f"{done.bytes_kept:,} bytes kept, {done.bytes_dropped:,} dropped: {done.target}")


def calibration_table(found: Mapping[str, Any]) -> None:
    """Print what was measured of a screen."""
    console = plain_console()
    console.print(found["screen"])
    table = plain_table("", ">measured", "")
    table.add_row("refresh rate", f"{found['refresh_hz']:.3f} Hz", f"of {found['nominal_hz']:g}")
    table.add_row(
        "SD of intervals", f"{found['interval_sd_ms']:.3f} ms", f"{found['frames']} frames"
    )
    table.add_row("jitter of swaps, p99", f"{found['jitter_p99_ms']:.3f} ms", "")
    table.add_row("flips missed", str(found["missed_flips"]), "")
    if found["lag_mean_ms"] is not None:
        lag = f"SD {found['lag_sd_ms']:.2f}, max {found['lag_max_ms']:.2f} ms"
        table.add_row("swap to light", f"{found['lag_mean_ms']:.2f} ms", lag)
    else:
        table.add_row("swap to light", "unknown", "no photodiode: --photodiode STREAM")
    console.print(table)
    for text in found["warnings"]:
        console.print(f"▲ {text}")
    console.print(f"kept in {found['file']}; sessions played on this screen carry it")
