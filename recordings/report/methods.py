"""The figures of a report in sentences, to paste into the methods section of a paper."""

from __future__ import annotations

from recordings.certificate import CameraReport, Report, StimulusReport
from recordings.manifest import Manifest
from recordings.manifest_entries import StreamEntry
from recordings.stream_kinds import EVENTS_STREAM


def milliseconds(value: float | None) -> str:
    """Write milliseconds with as many digits as they deserve; – where they are unknown."""
    if value is None:
        return "–"
    if abs(value) < 0.0005:
        return "0"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def methods_text(report: Report, manifest: Manifest | None) -> str:
    """Return one paragraph; it says nothing that was not measured."""
    sentences = [
        _how(manifest),
        *(_stored(s) for s in (manifest.streams if manifest else ()) if s.alignment is not None),
        _streams(report),
        _clocks(report),
        *(_camera(c) for c in report.cameras),
        *(_sound(s) for s in report.sounds),
        *(_stimuli(t) for t in report.stimulus),
        _alignment(report),
    ]
    return " ".join(s for s in sentences if s)


def _how(manifest: Manifest | None) -> str:
    if manifest is None or manifest.is_imported:
        return "The recording is an XDF file made through LabStreamingLayer."
    what = "A simulated rig was" if manifest.simulated else "All devices were"
    versions = manifest.software
    return (
        f"{what} recorded with Unisono {versions.get('unisono', '')} through LabStreamingLayer "
        f"(liblsl {versions.get('liblsl', '?')}) with raw time stamps."
    )


def _stored(entry: StreamEntry) -> str:
    """Say of what a device stored itself how its times came about; it came not through LSL."""
    how = entry.alignment
    assert how is not None
    by = f"{how.events} events" if how.by == "events" else "the clocks of both computers"
    within = "by" if how.by == "events" else "presumably by"
    return (
        f"{entry.name} was stored by its own device and aligned by {by}: its times are off "
        f"{within} at most {milliseconds(1e3 * how.error_s)} ms."
    )


def _streams(report: Report) -> str:
    # Frames of cameras and blocks of sound have sentences of their own.
    media = {ledger.name for ledger in (*report.cameras, *report.sounds)}
    regular = [s for s in report.streams if s.rate_hz > 0 and s.samples and s.name not in media]
    if not regular:
        return ""
    rates = "; ".join(
        f"{s.name}: {s.channels} channels at {s.rate_hz:g} Hz nominal, "
        f"{s.effective_rate_hz:.3f} Hz effective"
        for s in regular
        if s.effective_rate_hz
    )
    lost = sum(s.lost for s in regular)
    total = sum(s.due for s in regular)
    unseen = [s.name for s in regular if not s.shows_loss and not s.lost]
    beyond = f" (loss cannot be seen in the stamps of {', '.join(unseen)})" if unseen else ""
    doubt = sum(s.lost_uncertainty for s in regular)
    share = f"none of {total:,} samples was lost"
    if lost:
        give = f" ± {doubt:,}" if doubt else ""
        share = f"{lost:,}{give} of {total:,} samples ({100 * lost / total:.2g} %) were lost"
    return f"Streams ({rates}): {share}{beyond}."


def _clocks(report: Report) -> str:
    fitted = [s for s in report.streams if s.drift_ppm is not None and s.name != EVENTS_STREAM]
    if not fitted:
        return ""
    drift = max(abs(s.drift_ppm or 0.0) for s in fitted)
    residual = max(s.offset_residual_ms or 0.0 for s in fitted)
    return (
        f"Clock offsets between sender and recorder were corrected by a robust line per stream "
        f"(drift up to {drift:.1f} ppm; 99th percentile of the residuals up to "
        f"{milliseconds(residual)} ms)."
    )


def _camera(camera: CameraReport) -> str:
    return (
        f"Of camera {camera.name}, {camera.stored:,} frames were stored ({camera.codec}), each "
        f"with its own time stamp, and {camera.lost:,} were lost."
    )


def _sound(sound: CameraReport) -> str:
    return (
        f"Of microphone {sound.name}, {sound.stored:,} blocks of sound were stored ({sound.codec}),"
        f" each with its own time stamp, and {sound.lost:,} were lost."
    )


def _stimuli(timing: StimulusReport) -> str:
    text = f"Of {timing.onsets:,} stimulus onsets ({timing.stream})"
    if timing.late_p99_ms is not None:
        text += (
            f", 99 % were shown within {milliseconds(timing.late_p99_ms)} ms of the time asked for"
        )
    if timing.light_mean_ms is None:
        return f"{text}; the delay from swap to light was not measured."
    return (
        f"{text}; a photodiode saw light {milliseconds(timing.light_mean_ms)} ± "
        f"{milliseconds(timing.light_sd_ms)} ms (mean ± SD, n = {timing.light_events:,}) after the "
        "onset marker."
    )


def _alignment(report: Report) -> str:
    if not report.pairs:
        return ""
    widest = max(report.pairs, key=lambda p: p.axes_ms)
    coarsest = max(report.pairs, key=lambda p: p.resolution_ms)
    text = (
        f"The time axes of any two streams agree within {milliseconds(widest.axes_ms)} ms "
        f"(the widest pair is {widest.a} and {widest.b}); an event is resolved to "
        f"{milliseconds(coarsest.resolution_ms)} ms or better, half a sample or frame of each"
    )
    if any(p.unmeasured for p in report.pairs):
        text += ", not counting device latencies, which were not measured"
    measured = [p.truth for p in report.pairs if p.truth]
    if measured:
        worst = max(t.p99_ms for t in measured)
        text += (
            f"; known events of the simulated world were found within {milliseconds(worst)} ms "
            "(99th percentile, worst pair)"
        )
    return text + "."
