"""The page of a report, as Chromium shows it."""

from __future__ import annotations

from collections.abc import Iterator

import browser
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select
from test_report import RESULTS, built, old

from array_losses.conformance import report


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A page about two backends, stale, in a browser of its own."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report.as_html(old(built(RESULTS))), encoding="utf-8")
    with browser.start() as opened:
        opened.get(file.as_uri())
        yield opened


@pytest.fixture(autouse=True)
def fresh(page: webdriver.Chrome) -> None:
    page.refresh()


def shown(page: webdriver.Chrome, selector: str) -> list[str]:
    """The texts of what can be seen."""
    return [found.text for found in page.find_elements(By.CSS_SELECTOR, selector) if found.is_displayed()]


def functions(page: webdriver.Chrome) -> list[str]:
    return shown(page, "#matrix tbody th")


def test_what_stands_at_the_top(page: webdriver.Chrome) -> None:
    assert page.title == "Conformance of array_losses"
    assert shown(page, "#failures") == ["Failures: 1"]
    (failure,) = shown(page, ".failures li")
    assert "numpy ciou_loss(gate=0.5) float32, value (eager): value off by 9 ULP <b>" in failure
    assert "python -m array_losses.conformance --backend numpy --function ciou_loss --knobs gate=0.5" in failure
    assert shown(page, "#runs .stale") == ["stale", "stale"]
    assert "2020-01-01 00:00" in shown(page, "#runs tbody tr")[0]


def test_cells_and_their_colours(page: webdriver.Chrome) -> None:
    cells = page.find_elements(By.CSS_SELECTOR, "#matrix .cell.shown")
    assert [cell.text for cell in cells] == ["1.2 / 2.0  5", "inf / -  1 of 2, 1 gap", "9.0 / -  0 of 1"]
    most, gap, failed = (cell.value_of_css_property("background-color") for cell in cells)
    assert (most, failed) == ("rgba(251, 239, 180, 1)", "rgba(247, 185, 181, 1)")
    assert gap == "rgba(217, 220, 251, 1)"
    assert shown(page, "#matrix .never") == ["not run"]


def test_a_click_shows_the_worst_inputs_and_the_command(page: webdriver.Chrome) -> None:
    cell = page.find_element(By.CSS_SELECTOR, "#matrix .cell.shown")
    assert shown(page, "#matrix .cell p") == []
    cell.find_element(By.TAG_NAME, "summary").click()
    errors, worst, command = shown(page, "#matrix .cell p")
    assert errors == "value float32 0.5; value float64 1.2; gradient float32 2.0; 62 % of the budget"
    assert worst == "'touching': pred (1, 1)"
    assert command.startswith("python -m array_losses.conformance --backend numpy --function giou")


def test_typing_a_part_of_a_name(page: webdriver.Chrome) -> None:
    assert functions(page) == ["giou", "ciou_loss"]
    page.find_element(By.ID, "text").send_keys("CIoU")
    assert functions(page) == ["ciou_loss"]
    assert shown(page, "#count") == ["1 functions"]


def test_choosing_a_mode(page: webdriver.Chrome) -> None:
    mode = Select(page.find_element(By.ID, "mode"))
    assert [option.text for option in mode.options] == ["worst of all", "eager", "jit gradient", "layouts", "each"]
    mode.select_by_visible_text("jit gradient")
    assert functions(page) == ["giou"]
    assert shown(page, "#matrix .cell.shown") == ["jit gradient - / 2.0  1"]
    mode.select_by_visible_text("each")
    assert len(shown(page, "#matrix .cell.shown")) == 5


def test_choosing_backends_and_what_fails(page: webdriver.Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, ".backend[value=numpy]").click()
    assert shown(page, "#matrix thead th") == ["function", "array_api_strict"]
    assert functions(page) == ["giou"]
    page.find_element(By.CSS_SELECTOR, ".backend[value=numpy]").click()
    page.find_element(By.ID, "broken").click()
    assert functions(page) == ["giou", "ciou_loss"]
    page.find_element(By.CSS_SELECTOR, ".backend[value=array_api_strict]").click()
    assert functions(page) == ["ciou_loss"]


def test_nothing_goes_wrong_on_the_page(page: webdriver.Chrome) -> None:
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]
