"""Chromium without a window, for tests of pages."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest
from selenium import webdriver

SWITCHES = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,900")


def start(*switches: str) -> webdriver.Chrome:
    """A browser of its own. The test is skipped where there is none."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        give_up("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*SWITCHES, *switches):
        options.add_argument(switch)
    return webdriver.Chrome(options, webdriver.ChromeService(driver))


def give_up(reason: str) -> NoReturn:
    """Skip; a failure where REQUIRE_BROWSER is set."""
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)
