"""Commands of the handbook that no test runs as they stand there, each with the reason.

A reason that begins with a file names the test that does the same in another way.
"""

from __future__ import annotations

from typing import Final

_INSTALLS: Final = "installs from a package index; tests/install/each_extra.py does it by uv"
_BUILDS: Final = "installs into .venv and takes minutes; run by hand, and written for CI"
_CODED: Final = "tests/acquire/test_coded_study_command.py: as it stands there, with a video"
_RUNS: Final = "tests/acquire/server/test_ctl.py: a daemon that runs already"
_WINDOWS: Final = "Windows, which was never at hand"

NOT_RUN: Final = {
    # Installing.
    "make demo": _BUILDS,
    "make test": _BUILDS,
    "make gui": "a window that a person closes, after an installation",
    r"py -m venv .venv && .venv\Scripts\pip install -e . && .venv\Scripts\unisono demo": _WINDOWS,
    "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/unisono demo": _INSTALLS,
    "uv tool install 'unisono[gui]'": _INSTALLS,
    "pipx install 'unisono[gui]'": _INSTALLS,
    "pip install 'unisono[gui]'": _INSTALLS,
    r"nssm install Unisono C:\unisono\Scripts\unisono.exe "
    r"daemon C:\lab\rig.toml --data-dir D:\data": _WINDOWS,
    "nssm set Unisono AppStopMethodConsole 90000": _WINDOWS,
    # What simulated coders have coded.
    "unisono simulate study --participants 2 --to data --coders 2": _CODED,
    "unisono export mmme data/simulated --to mmme --coder simulated2": _CODED,
    # A sentence that names a command, which other lines call with all that it wants.
    "unisono motion": "wants a session",
    "unisono record": "records whatever there is on the network",
    "unisono export KIND": "each kind is run by its name",
    # What takes a person, another computer or a package index.
    "unisono gui": "tests/gui/window/test_window.py: nothing tells from outside that it is there",
    "unisono gui RIG.toml --attach URL --data-dir DIR --token-file FILE": (
        "tests/gui/window/test_window_engine.py: a daemon that somebody else has started"
    ),
    "unisono pair cam-pc --rig rig.toml": (
        "tests/acquire/node/test_node_program.py: asks for the code that a node shows"
    ),
    "unisono ctl status": _RUNS,
    "unisono ctl devices": _RUNS,
    "unisono ctl start --participant 01 --task rest": _RUNS,
    'unisono ctl mark "door opened" --code 5': _RUNS,
    "unisono ctl split": _RUNS,
    "unisono ctl stop --verify": _RUNS,
    "unisono ctl events --follow": _RUNS,
    "unisono ctl watch --fail-on lost,silent,disk": _RUNS,
    "unisono motion --get-models": "fetches 36 MB from a package index",
    "unisono motion --from WHEEL": "tests/recordings/motion/test_models.py: the wheel of 36 MB",
    "unisono doctor --report report.zip": (
        "tests/acquire/survey/test_report_file.py: a minute, most of it a recording"
    ),
}
