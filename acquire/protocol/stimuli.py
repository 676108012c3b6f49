"""The stimulus files of a protocol: are they there, whole and playable?

Everything is looked at before the start, so that nothing fails in front of the participant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from acquire.errors import ConfigError
from acquire.protocol.media import MediaInfo, oddities, probe_media
from acquire.protocol.model import Protocol, Stimulus
from acquire.protocol.plan import Plan
from acquire.protocol.stand_ins import make_once, stand_in_path
from recordings.disk.hashing import sha256_of
from recordings.names import at_home


def stimulus_path(protocol: Protocol, stimulus: Stimulus) -> Path:
    """Say where a stimulus lies; a stand-in lies in the user's cache."""
    if stimulus.file is not None:
        return protocol.folder / at_home(stimulus.file)
    return stand_in_path(stimulus)


def prepare_stimuli(
    protocol: Protocol, plan: Plan, *, drawn: bool, tell: Callable[[str], None] = lambda text: None
) -> dict[str, MediaInfo]:
    """Check every stimulus of a plan and make the stand-ins that are missing; gives what they are.

    Stand-ins are made and looked at only where something is `drawn`. `tell` hears what is odd but
    can be played.

    Raises:
        ConfigError: files are missing, are not those that the protocol names, or cannot be
            decoded: all of them are named.
    """
    pages = [page for trial in plan.trials for page in trial.pages]
    stills = {page.stimulus.name for page in pages if page.stimulus and page.kind == "image"}
    infos, refused = {}, []
    for path, stimulus in _shown(protocol, plan):
        if stimulus.file is None:
            if not drawn:
                continue
            make_once(path, stimulus)
        try:
            _check_readable(path, stimulus)
            _check_hash(path, stimulus)
            info = probe_media(path, still=stimulus.name in stills)
        except ConfigError as error:
            refused.append(str(error))
            continue
        infos[stimulus.name] = info
        for note in oddities(info):
            tell(f"stimulus {stimulus.name!r}: {note}")
    _refuse(refused)
    return infos


def require_files(protocol: Protocol, plan: Plan) -> None:
    """See that every file of a plan is there, without a look into it.

    Raises:
        ConfigError: some are not there or cannot be read: all of them are named.
    """
    refused = []
    for path, stimulus in _shown(protocol, plan):
        try:
            if stimulus.file is not None:
                _check_readable(path, stimulus)
        except ConfigError as error:
            refused.append(str(error))
    _refuse(refused)


def _shown(protocol: Protocol, plan: Plan) -> Iterator[tuple[Path, Stimulus]]:
    shown = set(plan.stimuli)
    return ((stimulus_path(protocol, s), s) for s in protocol.file.stimulus if s in shown)


def _refuse(reasons: Sequence[str]) -> None:
    if len(reasons) > 1:
        said = "; ".join(f"({number}) {one}" for number, one in enumerate(reasons, 1))
        raise ConfigError(f"{len(reasons)} stimuli cannot be shown: {said}")
    if reasons:
        raise ConfigError(reasons[0])


def _check_readable(path: Path, stimulus: Stimulus) -> None:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is not there; copy it there, or correct `file`"
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is a folder; name a file in it"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} cannot be read ({error.strerror}); "
            "check its permissions"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: no file can be called {str(path)!r} ({error}); correct "
            "`file`"
        ) from error


def _check_hash(path: Path, stimulus: Stimulus) -> None:
    if stimulus.sha256 is None:
        return
    found = sha256_of(path)
    if found != stimulus.sha256:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is another file than the protocol's: SHA-256 "
            f"{found[:12]}…, expected {stimulus.sha256[:12]}…; bring the right one"
        )
