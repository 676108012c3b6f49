"""What an event means, in the user's language, by its code; its own text, in English, follows."""

from __future__ import annotations

from collections.abc import Iterable

from gui.texts import speaks_english, tr
from recordings.manifest import Event


def told(event: Event) -> str:
    """Give an event's text; in another language than English behind what its code means."""
    return explained([event.code], event.text)


def explained(codes: Iterable[str], text: str) -> str:
    """Give an engine's text; in another language than English behind what its codes mean."""
    if speaks_english():
        return text
    known = meanings()
    return " · ".join([*(known[code] for code in codes if code in known), text])


def meanings() -> dict[str, str]:
    """Give what the engine's codes mean."""
    return {
        "abort-failed": tr("The protocol could not be ended"),
        "cannot-record": tr("It cannot be recorded"),
        "checked": tr("A session was checked"),
        "clip-broken": tr("A clip is broken"),
        "clip-late": tr("A clip came too late"),
        "clock-step": tr("A clock has jumped"),
        "codec-changed": tr("The codec was changed"),
        "codec-slow": tr("The codec is slow here"),
        "device-away": tr("A device is away"),
        "device-back": tr("A device is back"),
        "device-broke": tr("A device's driver broke"),
        "device-died": tr("A device's program died"),
        "device-failed": tr("A device failed"),
        "device-given-up": tr("A device is not tried any more"),
        "device-hangs": tr("A device does not answer"),
        "device-hangs-over": tr("A device answers again"),
        "device-lost": tr("A device is lost"),
        "device-missing": tr("A device is missing"),
        "device-started": tr("A device was started"),
        "device-stopped": tr("A device was stopped"),
        "disk-full": tr("The disk is full"),
        "disk-low": tr("The disk will soon be full"),
        "disk-low-over": tr("The disk has room again"),
        "node-full": tr("A node's disk is full: the recording goes on without it"),
        "disk-stop": tr("The recording ended: the disk was nearly full"),
        "duplicate-source": tr("Two streams have one source"),
        "encoder-back": tr("An encoder was started again"),
        "loss-taken-back": tr("What was called lost has come"),
        "marker-late": tr("A marker came after its recording"),
        "never-begun": tr("A recording that never began"),
        "no-offset": tr("A clock is not known"),
        "no-streams": tr("No stream is there"),
        "not-checked": tr("A session was not checked"),
        "not-closed": tr("A file was not closed"),
        "not-hashed": tr("A file was not hashed"),
        "not-recovered": tr("What a crash left could not be finished"),
        "not-taken": tr("A setting was not taken"),
        "note": tr("Note"),
        "player-back": tr("The player is back"),
        "player-died": tr("The player died"),
        "protocol-abort": tr("The protocol was ended"),
        "protocol-loaded": tr("The protocol is loaded"),
        "protocol-pause": tr("The protocol pauses"),
        "protocol-repeat": tr("The trial is repeated"),
        "protocol-resume": tr("The protocol goes on"),
        "protocol-skip": tr("The trial was skipped"),
        "protocol-start": tr("The protocol begins"),
        "pump-stuck": tr("The recorder is stuck"),
        "pump-stuck-over": tr("The recorder goes on"),
        "rate-off": tr("The rate is not what was announced"),
        "recording-failed": tr("The recording failed"),
        "recording-split": tr("Recording goes on in another session"),
        "recording-start": tr("Recording begins"),
        "recording-stop": tr("Recording ended"),
        "replay-over": tr("The replay is over"),
        "ring-filling": tr("Frames pile up"),
        "run-taken": tr("This run is there already"),
        "samples-dropped": tr("Samples were dropped"),
        "samples-late": tr("Samples came too late"),
        "screen-gone": tr("The participant's screen is gone"),
        "settings-changed": tr("Settings were changed"),
        "silent": tr("A stream is silent"),
        "silent-over": tr("A stream sends again"),
        "stamps-back": tr("Time stamps go back"),
        "stamps-far": tr("Time stamps are far from this computer's clock"),
        "stamps-nan": tr("Time stamps are no numbers"),
        "stand-ins": tr("Stand-ins are shown in place of stimuli"),
        "stream-back": tr("A stream is back"),
        "stream-changed": tr("A stream changed"),
        "stream-lost": tr("A stream is lost"),
        "stream-refused": tr("A stream cannot be recorded"),
        "too-many-streams": tr("Too many streams"),
        "video-failed": tr("A video cannot be written"),
        "video-gone": tr("A video file is gone"),
        "write-failed": tr("A file cannot be written"),
    }
