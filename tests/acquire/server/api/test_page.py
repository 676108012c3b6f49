"""The daemon's web page in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from acquire.server.api.session_models import SESSION_EVENTS
from recordings.manifest import Manifest, State
from recordings.manifest_entries import LostFile
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import TIMEOUT_S, module_of, wait_for
from tests.acquire.server.api.browser import browser as started
from tests.acquire.server.api.browser import is_there

ROOT = Path(__file__).parents[4]
TOKEN = "0123456789abcdef-secret"


def test_the_page_lists_sessions_anew_after_the_same_events_as_the_window() -> None:
    page = files("acquire.server.api") / "web" / "page.js"
    (named,) = re.findall(r"SESSION_EVENTS = \[(.*?)\]", page.read_text(), re.DOTALL)
    assert set(re.findall(r'"([\w-]+)"', named)) == SESSION_EVENTS


def test_the_page_raises_an_alarm_for_the_same_losses_as_the_window() -> None:
    page = files("acquire.server.api") / "web" / "page.js"
    (named,) = re.findall(r"LOSSES = \[(.*?)\]", page.read_text(), re.DOTALL)
    window = (ROOT / "gui" / "events" / "alarm_bar.py").read_text()
    (wanted,) = re.findall(r"^LOSSES = \((.*?)\)", window, re.DOTALL | re.MULTILINE)
    assert re.findall(r'"([\w-]+)"', named) == re.findall(r'"([\w-]+)"', wanted)


class Page:
    """The page, as somebody sees it."""

    def __init__(self, browser: webdriver.Chrome, daemon: Daemon) -> None:
        self.browser, self.daemon = browser, daemon

    def find(self, css: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        """What can be seen of an element, read at once: the page renews its rows all the time."""
        found = self.browser.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", css
        )
        return str(found)

    def row(self, stream: str) -> str:
        rows = self.text("#streams").split("\n")
        return next((row for row in rows if stream in row), "")

    def wait(self, css: str, text: str) -> None:
        wait_for(lambda: text in self.text(css), what=f"{text!r} in {css}")

    def click(self, css: str) -> None:
        """Click what may be renewed at this very moment."""

        def clicked() -> bool:
            try:
                self.find(css).click()
            except StaleElementReferenceException:
                return False
            return True

        wait_for(clicked, what=css)

    def type(self, css: str, text: str) -> None:
        """Type into what may be renewed at this very moment."""

        def typed() -> bool:
            try:
                self.find(css).send_keys(text)
            except StaleElementReferenceException:
                return False
            return True

        wait_for(typed, what=css)

    def picture(self, name: str) -> None:
        """Keep a screenshot, where somebody wants them."""
        if folder := os.environ.get("UNISONO_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(f"{folder}/page-{name}.png")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    if not is_there():
        pytest.skip("needs the packages chromium and chromium-driver")
    with started(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def page(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with running(tmp_path_factory.mktemp("page"), camera=True) as daemon:
        browser.get(daemon.url)
        yield Page(browser, daemon)


def test_a_recording_from_start_to_report(page: Page) -> None:
    daemon = page.daemon
    page.wait("#state", "READY")
    page.wait("#streams", daemon.eeg)
    page.picture("idle")
    page.find("[name=participant]").send_keys("07")
    page.wait("#run", "run 01")
    page.find("#record").click()
    page.wait("#state", "RECORDING")
    page.wait("#session", "sub-07_ses-01_task-test_run-01")
    page.type("#marker [name=text]", "sneezed\n")
    page.wait("#marker-said", "sneezed")
    loaded = "return document.querySelector('#cameras img')?.naturalWidth ?? 0"
    wait_for(lambda: page.browser.execute_script(loaded), what="a preview")

    daemon.post(f"devices/{daemon.eeg}/stop")
    page.wait("#streams .missing", "○")
    assert "outlet is gone" in page.text("#streams")
    page.wait("#alarm-text", f"✖ {daemon.eeg}")  # while it records: read once it is back, below
    page.picture("lost")
    daemon.post(f"devices/{daemon.eeg}/start")
    wait_for(lambda: "outlet is gone" not in page.text("#streams"), what="the stream is back")
    wait_for(lambda: "is back" in page.text("#events"))
    while page.find("#alarm").is_displayed():
        page.find("#alarm-read").click()

    stop = page.find("#stop")
    stop.click()
    assert daemon.get("status")["state"] == "recording", "a touch by accident stops nothing"
    ActionChains(page.browser).click_and_hold(stop).perform()
    page.wait("#state", "READY")
    ActionChains(page.browser).release().perform()
    wait_for(lambda: {"PASS", "WARN"} & set(re.findall("[A-Z]+", page.text("#sessions"))))
    (session,) = daemon.data_dir.rglob("session.json")
    manifest = Manifest.load(session.parent)
    assert manifest.state is State.COMPLETE
    assert manifest.participant == "07"
    assert page.text("#sessions a") == session.parent.name
    (first,) = page.browser.window_handles
    page.click("#sessions a")
    wait_for(lambda: len(page.browser.window_handles) == 2, what="a window of its own")
    (report,) = set(page.browser.window_handles) - {first}
    page.browser.switch_to.window(report)
    wait_for(lambda: session.parent.name in page.browser.page_source)
    page.picture("report")
    page.browser.close()
    page.browser.switch_to.window(first)


def test_a_session_is_checked_marked_and_its_participant_withdrawn(page: Page) -> None:
    daemon = page.daemon

    def do(text: str) -> None:
        wait_for(
            lambda: page.browser.execute_script(
                "const found = [...document.querySelectorAll('#sessions details[open] button')]"
                ".find((b) => b.innerText === arguments[0] && !b.disabled); found?.click(); "
                "return Boolean(found)",
                text,
            ),
            what=text,
        )

    def open_more() -> None:
        if not page.browser.find_elements(By.CSS_SELECTOR, "#sessions details[open]"):
            page.click("#sessions summary")

    page.wait("#sessions", "sub-07")
    page.wait("#sessions", "only here")
    (manifest,) = daemon.data_dir.rglob("session.json")
    wait_for(lambda: not Manifest.load(manifest.parent).hashing)
    open_more()
    page.picture("session")
    lost = LostFile(path="face.nut", node="cam-pc", reason="its disk is broken")
    before = Manifest.load(manifest.parent)
    before.model_copy(update={"lost": (lost,)}).save(manifest.parent)
    do("Check the contents")
    page.wait("#sessions", "contents read")
    page.wait("#sessions", "✖ face.nut is lost on cam-pc: its disk is broken")
    open_more()
    page.type(".mark input", "cable fell off")
    do("Mark as not usable")
    page.wait("#sessions", "not usable: cable fell off")
    assert Manifest.load(manifest.parent).unusable == "cable fell off"

    open_more()
    do("Withdraw participant…")
    page.wait(".withdrawal", "Deleted for good: sessions 1, exports 0")
    page.picture("withdrawal")
    assert not page.find(".withdrawal button").is_enabled()
    page.type(".withdrawal input", "07")
    do("Delete all of it")
    wait_for(lambda: not manifest.exists(), what="the session is deleted")
    page.wait("#sessions", "that node cam-pc keeps until released")  # stays until it was read
    # Not by a click: what is told of it may lie over it at this moment.
    page.browser.execute_script("document.querySelector('#sessions details').open = false")
    page.wait("#sessions", "Nothing has been recorded yet")


def test_an_error_stays_until_it_is_read(page: Page) -> None:
    daemon = page.daemon
    page.wait("#state", "READY")
    daemon.http.put("/api/streams/selection", json={"names": []})
    page.find("[name=participant]").clear()
    page.find("[name=participant]").send_keys("08")
    page.find("#record").click()
    page.wait("#alarm-text", "no stream is selected")
    page.picture("error")
    page.find("#alarm-read").click()
    assert not page.find("#alarm").is_displayed()
    daemon.http.put("/api/streams/selection", json={"names": None})


def test_alarms_outlast_a_connection_that_breaks(page: Page) -> None:
    daemon, run = page.daemon, page.browser.execute_script
    page.wait("#state", "READY")
    run("alarm('the first'); alarm('the second')")
    assert page.text("#alarm-text") == "✖ the second (1 more)"
    listed = len(page.text("#events").splitlines())
    # What comes while there is no connection: it is to be kept away until the device has died.
    run("window.held = connect; connect = () => {}; lost.close()")
    page.wait("#state", "NO CONNECTION")
    next(p for p in daemon.tree() if module_of(p) == "acquire.host.device_host").kill()

    def deaths() -> list[str]:
        events = [told["event"] for told in daemon.get("events")]
        return [event["source"] for event in events if event["code"] == "device-died"]

    wait_for(deaths, what="the death of a device's process")
    run("connect = window.held; connect()")
    page.wait("#alarm-text", deaths()[0])
    assert "(2 more)" in page.text("#alarm-text"), "what was not read is still there"
    assert len(page.text("#events").splitlines()) > listed, "the list is whole"
    for said in ("the second (1 more)", "the first"):
        page.find("#alarm-read").click()
        assert page.text("#alarm-text") == f"✖ {said}"
    page.find("#alarm-read").click()
    assert not page.find("#alarm").is_displayed()


def test_it_says_that_the_data_folder_is_gone(page: Page) -> None:
    daemon = page.daemon
    page.wait("#state", "READY")
    elsewhere = daemon.data_dir.with_name("unplugged")
    daemon.data_dir.rename(elsewhere)
    page.wait("#disk", "✖ The data folder is gone")
    elsewhere.rename(daemon.data_dir)
    page.wait("#disk", "GB free")


def test_nothing_comes_from_elsewhere_and_nothing_is_wrong(page: Page) -> None:
    log = page.browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert [e["message"] for e in log if "409" not in e["message"]] == []
    names = "return performance.getEntriesByType('resource').map((e) => e.name)"
    for name in page.browser.execute_script(names):
        assert name.startswith((page.daemon.url, "data:", "blob:")), name


def test_it_says_that_the_daemon_is_gone(page: Page) -> None:
    page.browser.execute_script("window.socketsClosed = 0")
    page.daemon.process.terminate()
    page.wait("#state", "NO CONNECTION")
    assert page.daemon.process.wait(TIMEOUT_S) == 0
    # Nothing goes on saying that all is well, and nothing can be ordered.
    assert "●" not in page.text("#streams")
    assert "No connection to the daemon" in page.text("#missing")
    for button in ("#record", "#stop", "#marker button"):
        assert page.find(button).get_property("disabled") is True, button
    page.picture("offline")


def test_it_asks_for_the_token(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Daemon(tmp_path, "--token-file", str(tmp_path / "token"), camera=True) as daemon:
        daemon.idle(TOKEN)
        browser.get(daemon.url)
        page = Page(browser, daemon)
        page.wait("#state", "TOKEN NEEDED")
        field = page.find("#token [name=token]")
        field.send_keys("wrong, but long enough\n")
        page.wait("#state", "TOKEN NEEDED")
        field.clear()
        field.send_keys(f"{TOKEN}\n")
        page.wait("#state", "READY")
        page.wait("#streams", daemon.eeg)
        loaded = "return document.querySelector('#cameras img')?.naturalWidth ?? 0"
        wait_for(lambda: browser.execute_script(loaded), what="a preview")
        assert not page.find("#token").is_displayed()
        page.picture("token")
        daemon.end()
