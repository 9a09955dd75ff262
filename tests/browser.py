"""A real Chromium for tests that look at a page, and what is said where there is none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import visibility_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = Path(axe_core_python.__path__[0], "axe.min.js")


def missing() -> str:
    """One line that says what isn't there; empty where a browser and its driver are."""
    if any(map(shutil.which, PROGRAMS)) and shutil.which("chromedriver"):
        return ""
    return "browser: none (install chromium and chromedriver); the tests that look at a page were skipped"


class Browser:
    """One window, and what it did."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get("about:blank")
        self.driver.get(address)

    def look(self, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.tell("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", {"features": features})

    def scripts(self, *, on: bool) -> None:
        self.tell("Emulation.setScriptExecutionDisabled", {"value": not on})

    def tell(self, command: str, words: dict[str, Any]) -> dict[str, Any]:
        return dict(self.driver.execute_cdp_cmd(command, words))

    def ask(self, script: str, *words: object) -> Any:
        return self.driver.execute_script(f"return {script}", *words)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait_for(self, selector: str) -> WebElement:
        """The element, when it can be seen; at most for five seconds."""
        return WebDriverWait(self.driver, 5).until(visibility_of_element_located((By.CSS_SELECTOR, selector)))

    def seen(self, selector: str) -> list[str]:
        """The texts of those elements that can be seen."""
        return [each.text for each in self.all(selector) if each.is_displayed()]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> str:
        return str(self.ask("document.activeElement.id || document.activeElement.textContent"))

    def complaints(self) -> list[str]:
        """What the console says, since it was last asked."""
        return [str(each["message"]) for each in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def asked_for(self) -> list[str]:
        """The addresses that the page made the browser ask for, since this was last asked."""
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        told = [json.loads(each["message"])["message"] for each in entries]
        return [
            each["params"]["request"]["url"] for each in told if each["method"] == "Network.requestWillBeSent"
        ]

    def barriers(self) -> list[str]:
        """What axe finds that would keep people out (WCAG 2 A and AA, and good habits)."""
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        done = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then(done, (error) => done({violations: [String(error)]}))"
        )
        return [
            f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for each in done["violations"]
            for node in each["nodes"]
        ]


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A headless Chromium with a profile of its own. Without one the test is skipped, in CI it fails."""
    if missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing())
    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, PROGRAMS)))
    for word in ("headless=new", "disable-gpu", "disable-dev-shm-usage", f"user-data-dir={home}"):
        options.add_argument(f"--{word}")
    if getattr(os, "geteuid", lambda: 1)() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


ESCAPE, ENTER, TAB = Keys.ESCAPE, Keys.ENTER, Keys.TAB
