"""The clip that is on, or next: its decoder, its sound, and what of it was seen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtMultimedia import QAudioDevice

from acquire.player.host import PlayerHost
from acquire.player.marks import Picture, Visit
from gui.stimulus.clip import ClipDecoder, ClipFrame
from gui.stimulus.sound import Sound

UNHEARD: Final = "unheard"
"""What the end of a clip says of a sound that its file has and nobody heard."""
READY_S = 5.0
"""How long a clip may take until its first frames are decoded; then it is left out."""


class ClipShow:
    """Shows one clip after another."""

    def __init__(self, host: PlayerHost, speakers: QAudioDevice | None) -> None:
        """Prepare; without `speakers` nothing is heard."""
        self._host, self._player = host, host.player
        self._speakers = speakers
        self._decoder: tuple[str, ClipDecoder] | None = None
        self._playing: Visit | None = None  # the clip that is on
        self._sound: Sound | None = None
        self._waiting_since: float | None = None

    def prepare(self, name: str, room: QSize) -> ClipDecoder:
        """Have a clip decoded to fit into `room`, in pixels, unless that was begun."""
        if self._decoder is not None and self._decoder[0] == name:
            return self._decoder[1]
        self.drop()
        info = self._host.media[name]
        scale = min(room.width() / info.width, room.height() / info.height)
        width, height = (max(2, round(side * scale)) for side in (info.width, info.height))
        self._decoder = (name, ClipDecoder(info, width, height))
        return self._decoder[1]

    def frame(self, picture: Picture, visit: Visit, due: float, room: QSize) -> ClipFrame | None:
        """Give what belongs into the frame that is due then; None while nothing is decoded."""
        assert visit.page.stimulus is not None
        if visit.onset is None and self._playing not in (None, visit):
            self.drop()  # begun already: it has to be played from the start again
        decoder = self.prepare(visit.page.stimulus.name, room)
        frame = decoder.frame_at(picture.position_s) if decoder.is_ready else None
        if complaint := decoder.complaint():
            self._player.complain("clip-broken", complaint, due)
        if decoder.is_starved() or self._waited_long(frame, due):
            self._player.run.finish("error", due)
        return frame

    def _waited_long(self, frame: ClipFrame | None, due: float) -> bool:
        if frame is not None:
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = due
        if due - self._waiting_since < READY_S:
            return False
        self._waiting_since = None
        text = f"no frame of the clip was decoded within {READY_S:g} s; it is left out"
        self._player.complain("clip-late", text, due)
        return True

    def swapped(self, picture: Picture, frame: ClipFrame | None, due: float) -> None:
        """Note what came onto the screen; `frame` is None where it was no clip's."""
        visit = picture.visit
        if frame is not None and visit is not None and self._decoder is not None:
            name, decoder = self._decoder
            self._note(visit, frame, decoder, picture.position_s)
            self._listen(name, visit, picture.position_s, due)
        elif self._playing is not None and visit is not self._playing:
            self.drop()
        if self._sound is not None and visit is self._playing:
            self._sound.hold(paused=picture.paused)

    def _note(
        self, visit: Visit, frame: ClipFrame, decoder: ClipDecoder, position_s: float
    ) -> None:
        if self._playing is not visit:
            self._playing = visit
            if decoder.sound and self._speakers is not None:
                self._sound = Sound(self._speakers, decoder.sound)
                self._sound.start()
            elif decoder.info.sound:
                visit.notes["sound"] = UNHEARD
        decoder.note_shown(frame)
        self._note_counts(visit, decoder)
        ahead = self._sound.ahead_s(position_s) if self._sound is not None else None
        if ahead is not None:
            visit.notes["sound_ahead_ms"] = round(ahead * 1e3, 1)

    def _listen(self, clip: str, visit: Visit, position_s: float, due: float) -> None:
        """Tell once of a sound that cannot be heard; the picture goes on."""
        if self._sound is None or self._sound.is_reported:
            return
        if trouble := self._sound.trouble(position_s):
            self._sound.is_reported = True
            visit.notes["sound"] = UNHEARD
            text = f"{clip}: its sound: {trouble}; see the system's sound settings"
            self._player.complain("protocol", text, due)

    def _note_counts(self, visit: Visit, decoder: ClipDecoder) -> None:
        self._player.dropped += decoder.dropped - visit.notes.get("frames_dropped", 0)
        visit.notes |= {"frames_shown": decoder.shown, "frames_dropped": decoder.dropped}

    def drop(self) -> None:
        """Let a clip go; what of it came too late to be seen is counted."""
        if self._playing is not None and self._decoder is not None:
            self._decoder[1].note_end(self._player.run.position_left(self._playing))
            self._note_counts(self._playing, self._decoder[1])
        self._playing = None
        if self._sound is not None:
            self._sound.close()
            self._sound = None
        if self._decoder is not None:
            self._decoder[1].close()
            self._decoder = None
