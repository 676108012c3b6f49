"""What an event means, in the user's language, by its code; its own text, in English, follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from acquire.server.api.models import StatusInfo
from gui.texts import speaks_english, tr
from recordings.manifest_entries import Event


def told(event: Event) -> str:
    """Give an event's text; in another language than English behind what its code means."""
    return explained([event.code], event.text)


def explained(codes: Iterable[str], text: str, known: Mapping[str, str] | None = None) -> str:
    """Give an engine's text; in another language than English behind what its codes mean.

    They are those of events, unless it is said what is `known`.
    """
    if speaks_english():
        return text
    known = meanings() if known is None else known
    return " · ".join([*(known[code] for code in codes if code in known), text])


def refused(code: str, text: str) -> str:
    """Give why an order was not carried out, as `explained` does."""
    return explained([code], text, _of_orders())


def missing(status: StatusInfo) -> dict[str, str]:
    """Give what the rig asks for and is not there: the engine's text, and how it is told."""
    coded = zip_longest(status.missing, status.missing_codes, fillvalue="")  # none of an older one
    return {text: explained([code], text) for text, code in coded if text}


def meanings() -> dict[str, str]:
    """Give what the engine's codes mean."""
    of_hardware = _of_devices() | _of_cameras() | _of_nodes()
    return _of_recordings() | _of_streams() | of_hardware | _of_protocols()


def _of_orders() -> dict[str, str]:
    """What the API answers to an order; `cannot-record` is of any file, and says too little."""
    events = _of_recordings()
    return {code: events[code] for code in ("disk-full", "internal", "run-taken")} | {
        "device": tr("A device refuses"),
        "invalid": tr("A value is not allowed"),
        "not-now": tr("Not possible now"),
        "system": tr("This computer refuses"),
        "unknown": tr("There is no such thing"),
    }


def _of_recordings() -> dict[str, str]:
    """What belongs to recordings and their files."""
    return {
        "cannot-record": tr("It cannot be recorded"),
        "checked": tr("A session was checked"),
        "collected": tr("Files came from a node"),
        "copy-failed": tr("A node's own copy cannot be written"),
        "copy-incomplete": tr("A node's own copy has a gap"),
        "disk-full": tr("The disk is full"),
        "disk-low": tr("The disk will soon be full"),
        "disk-low-over": tr("The disk has room again"),
        "disk-stop": tr("The recording ended: the disk was nearly full"),
        "folder-synced": tr("The data folder is synchronized with a cloud"),
        "hashed": tr("Files were hashed"),
        "hashing": tr("Files are still to be hashed"),
        "internal": tr("A fault in the program"),
        "lost-on-node": tr("A file was lost on a node"),
        "never-begun": tr("A recording that never began"),
        "no-streams": tr("No stream is there"),
        "not-checked": tr("A session was not checked"),
        "not-closed": tr("A file was not closed"),
        "not-collected": tr("Files of a node were not collected"),
        "not-hashed": tr("A file was not hashed"),
        "not-recovered": tr("What a crash left could not be finished"),
        "pump-stuck": tr("The recorder is stuck"),
        "pump-stuck-over": tr("The recorder goes on"),
        "recording-failed": tr("The recording failed"),
        "recording-split": tr("Recording goes on in another session"),
        "recording-start": tr("Recording begins"),
        "recording-stop": tr("Recording ended"),
        "recovered": tr("What a crash left was finished"),
        "released": tr("Files were deleted on a node"),
        "run-taken": tr("This run is there already"),
        "sound-failed": tr("Sound cannot be written"),
        "unusable": tr("A session was marked as not usable"),
        "video-failed": tr("A video cannot be written"),
        "video-gone": tr("A video file is gone"),
        "write-failed": tr("A file cannot be written"),
    }


def _of_streams() -> dict[str, str]:
    """What belongs to streams and clocks."""
    return {
        "clock-step": tr("A clock has jumped"),
        "duplicate-source": tr("Two streams have one source"),
        "loss-taken-back": tr("What was called lost has come"),
        "marker-late": tr("A marker came after its recording"),
        "no-offset": tr("A clock is not known"),
        "not-connected": tr("A stream of the rig is not connected yet"),
        "not-found": tr("An expected stream is not there"),
        "not-selected": tr("Streams were not selected"),
        "rate-off": tr("The rate is not what was announced"),
        "samples-dropped": tr("Samples were dropped"),
        "samples-late": tr("Samples came too late"),
        "silent": tr("A stream is silent"),
        "silent-over": tr("A stream sends again"),
        "stamps-back": tr("Time stamps go back"),
        "stamps-far": tr("Time stamps are far from this computer's clock"),
        "stamps-nan": tr("Time stamps are no numbers"),
        "stamps-of-arrival": tr("Frames have the times of their arrival"),
        "frames-unnumbered": tr("Frames carry no numbers"),
        "still-connecting": tr("Streams are still being connected"),
        "stream-back": tr("A stream is back"),
        "stream-changed": tr("A stream changed"),
        "stream-lost": tr("A stream is lost"),
        "stream-new": tr("A stream came while recording"),
        "values-unfit": tr("Values are none that their format can hold"),
        "stream-refused": tr("A stream cannot be recorded"),
        "times-counted": tr("Times of sound are counted"),
        "too-many-streams": tr("Too many streams"),
        "unreachable": tr("A stream cannot be reached"),
    }


def _of_devices() -> dict[str, str]:
    """What belongs to devices."""
    return {
        "amplifier-silent": tr("An amplifier sends nothing"),
        "amplifier-stopped": tr("An amplifier's recording was stopped"),
        "another-sender": tr("Another program sends to a device's port"),
        "code-not-sent": tr("A trigger code was not sent"),
        "command": tr("A device was given an order"),
        "count-anew": tr("A device's count of samples jumped"),
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
        "end-not-received": tr("The last samples of a device have not come"),
        "event-cut": tr("An event is cut off"),
        "impedances-odd": tr("Impedances fit no channels"),
        "input-found": tr("What a device listens to is there"),
        "input-missing": tr("What a device listens to is missing"),
        "light-clear": tr("Light is told from dark again"),
        "light-unclear": tr("Light is hardly told from dark"),
        "marker-cut": tr("A marker is too long"),
        "marker-misplaced": tr("A marker lies far from the signals"),
        "no-resolution": tr("A channel has no resolution"),
        "not-sent": tr("An order was not sent"),
        "not-taken": tr("A setting was not taken"),
        "not-understood": tr("A line of a device cannot be read"),
        "odd-datagram": tr("A packet cannot be read"),
        "odd-notification": tr("A notification cannot be read"),
        "replay": tr("About the replay"),
        "replay-over": tr("The replay is over"),
        "set-up-unknown": tr("It is not known whether an amplifier was changed"),
        "settings-changed": tr("Settings were changed"),
        "spoilt-datagram": tr("A packet has values that are no numbers"),
        "thread-ended": tr("A part of a driver ended by an error"),
        "unknown-code": tr("A code is not known"),
    }


def _of_cameras() -> dict[str, str]:
    """What belongs to cameras and their encoders."""
    return {
        "bits-cut": tr("Pictures lose bits"),
        "codec-changed": tr("The codec was changed"),
        "codec-slow": tr("The codec is slow here"),
        "encoder-back": tr("An encoder was started again"),
        "last-picture": tr("The last picture of a camera is lost"),
        "not-turned": tr("A film is not turned as it should be"),
        "ring-filling": tr("Frames pile up"),
        "size-as-before": tr("The picture has its size again"),
        "size-changed": tr("The size of the picture changed"),
    }


def _of_nodes() -> dict[str, str]:
    """What belongs to nodes."""
    return {
        "node-adopted": tr("A node's recording was taken over"),
        "node-back": tr("A node is back"),
        "node-disk": tr("Trouble with a node's disk"),
        "node-events-lost": tr("Events of a node were lost"),
        "node-full": tr("A node's disk is full: the recording goes on without it"),
        "node-not-ended": tr("A node was not told of the end"),
        "not-revived": tr("A device of a node was not started again"),
        "stranger-refused": tr("Another computer was not let in"),
    }


def _of_protocols() -> dict[str, str]:
    """What belongs to protocols, players and remote controls."""
    return {
        "abort-failed": tr("The protocol could not be ended"),
        "clip-broken": tr("A clip is broken"),
        "clip-late": tr("A clip came too late"),
        "note": tr("Note"),
        "protocol": tr("The protocol is played, but not as it should be"),
        "player-back": tr("The player is back"),
        "player-died": tr("The player died"),
        "protocol-abort": tr("The protocol was ended"),
        "protocol-loaded": tr("The protocol is loaded"),
        "protocol-pause": tr("The protocol pauses"),
        "protocol-repeat": tr("The trial is repeated"),
        "protocol-resume": tr("The protocol goes on"),
        "protocol-skip": tr("The trial was skipped"),
        "protocol-start": tr("The protocol begins"),
        "protocol-unrecorded": tr("The protocol goes on without a recording"),
        "rcs-refused": tr("A remote control was refused"),
        "screen-gone": tr("The participant's screen is gone"),
        "stand-ins": tr("Stand-ins are shown in place of stimuli"),
    }
