"""Which sessions of a folder are used, and what is said of the others."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

from recordings.manifest import Manifest, State
from recordings.owner import this_process
from recordings.read.sessions import find_sessions
from recordings.read.usable import usable
from recordings.repair.session import repair
from tests.recordings.simulated_session import Plan, make_session


def test_what_is_marked_is_told_from_the_rest(tmp_path: Path) -> None:
    good, marked, damaged, now, crashed = (
        make_session(tmp_path, Plan(seconds=1.0 + number)) for number in range(5)
    )
    change(marked, unusable="cable")
    (damaged / "session.json").write_text("{")
    here = {"name": socket.gethostname()}
    change(now, state=State.RECORDING, host=here | this_process())
    change(crashed, state=State.RECORDING, host=here | {"pid": "1", "pid_started": "0"})
    bare = good / "recording.xdf"
    found, left_out = usable([good, marked, damaged, now, crashed, bare])
    assert found == (good, damaged, crashed, bare)
    assert left_out == [
        (marked, "marked as not usable: cable"),
        (now, "it is being recorded"),
    ]


def test_what_is_there_twice_is_used_once_unless_it_is_named(tmp_path: Path) -> None:
    """A folder was exported with a crashed session and its repaired copy, each minute twice."""
    crashed = make_session(tmp_path, Plan(seconds=1.0))
    change(crashed, state=State.FAILED)
    repaired = repair(crashed).target.parent
    copied = Path(shutil.copytree(repaired, repaired.with_name(f"{repaired.name} (copy)")))
    found = find_sessions([tmp_path])
    assert set(found) == {crashed, repaired, copied}
    why = f"the same recording as {repaired.name}"
    assert usable(found, [tmp_path]) == ((repaired,), [(crashed, why), (copied, why)])
    assert usable(found, [crashed]) == ((crashed, repaired), [(copied, why)])
    change(copied, participant="07")  # whose it is, nobody here knows
    assert usable(found) == ((repaired, copied), [(crashed, why)])
    change(repaired, unusable="cut off too early")
    assert usable(found)[0] == (crashed, copied)


def change(session: Path, **fields: Any) -> None:
    Manifest.load(session).model_copy(update=fields).save(session)
