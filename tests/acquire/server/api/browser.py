"""A real browser without a screen, as somebody looks at the pages of the program."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
NEEDED = ("chromium", "chromedriver")


def is_there() -> bool:
    """Whether the system's packages chromium and chromium-driver are installed."""
    return all(map(shutil.which, NEEDED))


@contextmanager
def browser(profile: Path) -> Iterator[webdriver.Chrome]:
    """Start one with a profile of its own."""
    chromium, driver = map(shutil.which, NEEDED)
    assert chromium is not None, "chromium is not installed: make system"
    options = webdriver.ChromeOptions()
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.binary_location = chromium
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield found
    finally:
        found.quit()
