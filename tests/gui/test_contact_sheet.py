"""Every state of the window as a picture in which nothing is cut, covered, faint or without focus.

Some states in English by default; all of them, in light and dark, in two languages and at two
scales, as `soak`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
ALL = [
    pytest.param(language, scale, (), marks=pytest.mark.soak, id=f"{language}-{scale}x")
    for language in ("en", "zh_CN")
    for scale in (1, 2)
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "scale", "more"), [pytest.param("en", 1, ("--few",), id="few"), *ALL]
)
def test_each_state_can_be_read(
    language: str, scale: int, more: tuple[str, ...], tmp_path: Path
) -> None:
    if language == "zh_CN":
        if not FONT.is_file():
            pytest.skip("no font for Chinese here: fonts-wqy-microhei")
        more = (*more, "--font", str(FONT))
    folder = os.environ.get("UNISONO_SCREENSHOTS", str(tmp_path))
    drawn = subprocess.run(
        [sys.executable, "-m", "tests.gui.contact_sheet", folder, "--language", language, *more],
        cwd=ROOT,
        env=os.environ | {"QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    pictures = list(Path(folder).glob(f"*-{language}-{scale}x.png"))
    assert len(pictures) > 2 * (5 if more and more[0] == "--few" else 18), "one a state and look"
