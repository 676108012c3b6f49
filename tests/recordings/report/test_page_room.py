"""A report as a browser lays it out: on a laptop nothing is cut at the edge of its card."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings import layout
from recordings.report.html import check_and_report
from tests.acquire.server.api.browser import browser, is_there
from tests.recordings.simulated_session import Plan, make_session

CUT = """
return [...document.querySelectorAll(".scroll, .numbers div, .numbers b")]
    .filter((part) => part.scrollWidth > part.clientWidth)
    .map((part) => part.innerText.slice(0, 60));
"""
BORDER = """
return Math.min(...[...document.querySelectorAll(".numbers b")].map((figure) => {
    const words = document.createRange();
    words.selectNodeContents(figure);
    return figure.parentNode.getBoundingClientRect().right - words.getBoundingClientRect().right;
}));
"""
WITHOUT = "no event found in both"


@pytest.mark.skipif(not is_there(), reason="needs the packages chromium and chromium-driver")
def test_nothing_is_cut_on_a_small_laptop(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=4.0))
    check_and_report(session)
    page = session / layout.REPORT_NAME
    assert WITHOUT in page.read_text(encoding="utf-8")
    with browser(tmp_path / "browser") as found:
        for width in (1000, 1280):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            found.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            found.get(page.as_uri())
            assert found.execute_script(CUT) == [], width
            assert found.execute_script(BORDER) >= 12, "pixels between a figure and its border"
