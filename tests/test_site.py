"""The documentation site: it builds without a warning, all of it is there, and Chromium shows it without a network."""

from __future__ import annotations

import fcntl
import html
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import browser
import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

import array_losses
import array_losses.detection

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs"]
PATIENCE = 60  # seconds, on a machine that is busy
PUBLIC = [
    f"{module.__name__}.{name}" for module in (array_losses, array_losses.detection) for name in sorted(module.__all__)
]


class Built(NamedTuple):
    """Where it is, and what the command said."""

    folder: Path
    said: str

    def text(self, page: str) -> str:
        return (self.folder / page).read_text(encoding="utf-8")

    @property
    def pages(self) -> list[Path]:
        return sorted(page for page in self.folder.rglob("*.html") if "_static" not in page.parts)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built once, also where several processes run these tests: the others wait."""
    if missing := [
        name for name in ("sphinx", "pydata_sphinx_theme", "matplotlib") if not importlib.util.find_spec(name)
    ]:
        browser.give_up(f"needs {', '.join(missing)}: pip install 'array-losses[docs]'")
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if here.name.startswith("popen-") else here
    folder, said = shared / "site", shared / "site.txt"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            done = subprocess.run([*COMMAND, str(folder)], cwd=ROOT, capture_output=True, text=True)
            said.write_text(f"exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr}", encoding="utf-8")
    return Built(folder, said.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def opened(site: Built) -> Iterator[webdriver.Chrome]:
    """A browser that finds no host."""
    with browser.start("--host-resolver-rules=MAP * ~NOTFOUND") as found:
        found.set_script_timeout(PATIENCE)
        yield found


@pytest.fixture
def page(site: Built, opened: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The landing page; whatever a test reads, no page may complain."""
    opened.get((site.folder / "index.html").as_uri())
    yield opened
    said: list[dict[str, Any]] = opened.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry["message"] for entry in said if entry["level"] == "SEVERE"] == []


def shown(page: webdriver.Chrome, selector: str) -> list[WebElement]:
    """What can be seen, once there is any."""

    def found(page: webdriver.Chrome) -> list[WebElement]:
        return [each for each in page.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]

    return WebDriverWait(page, PATIENCE).until(found)


def texts(page: webdriver.Chrome, selector: str) -> list[str]:
    return [each.text for each in shown(page, selector)]


# What the build gives


def test_it_builds_without_a_warning(site: Built) -> None:
    assert site.said.startswith("exit status 0\n"), site.said
    assert "WARNING" not in site.said


def test_every_public_name_has_a_page(site: Built) -> None:
    missing = [name for name in PUBLIC if not (site.folder / f"reference/{name}.html").exists()]
    assert missing == []
    assert [name for name in PUBLIC if f'id="{name}"' not in site.text(f"reference/{name}.html")] == []


def test_every_public_name_is_in_the_overview(site: Built) -> None:
    overview = site.text("reference.html")
    assert [name for name in PUBLIC if f'href="reference/{name}.html#{name}"' not in overview] == []


def test_every_guide_is_led_to(site: Built) -> None:
    guides = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").glob("*.md")}
    assert guides - {"README.html", "index.html", "project.html", "reference.html"} <= set(
        links(site.text("README.html"))
    )


def links(text: str) -> list[str]:
    return [
        unquote(html.unescape(link))
        for link in re.findall(r'<(?:a|img|script|link)\b[^>]*?\s(?:href|src)="([^"#?]+)', text)
    ]


def test_no_link_leads_nowhere(site: Built) -> None:
    wrong = [
        f"{page.relative_to(site.folder)}: {link}"
        for page in site.pages
        for link in links(page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists()
    ]
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site: Built) -> None:
    loads = re.compile(r'<(?:script|img|link|iframe)\b[^>]*?\s(?:href|src)="(?:https?:)?//[^"]*"')
    assert [loads.findall(page.read_text(encoding="utf-8")) for page in site.pages] == [[]] * len(site.pages)


def test_no_page_speaks_of_this_machine(site: Built) -> None:
    assert [page for page in site.pages if str(ROOT) in page.read_text(encoding="utf-8")] == []


# What Chromium shows


def test_there_is_no_network(opened: webdriver.Chrome) -> None:
    with pytest.raises(WebDriverException, match="ERR_NAME_NOT_RESOLVED"):
        opened.get("https://example.org")
    opened.get_log("browser")  # type: ignore[no-untyped-call]


def test_the_landing_page(page: webdriver.Chrome) -> None:
    assert texts(page, "article h1") == ["array_losses"]
    assert f"array_losses {array_losses.__version__}" in texts(page, ".navbar-brand")
    assert texts(page, "header .navbar-nav .nav-link") == ["Guides", "Coming from", "Reference", "Gallery", "Project"]
    numpy, torch, jax, tape = texts(page, "article .highlight pre")[:4]
    assert "array([0.59291342, 0.53449813])" in numpy
    assert "import torch" in torch
    assert "jax.jit" in jax
    assert tape.endswith("0.563706 [-0.022  -0.0205 -0.0234  0.0164]")


def test_the_page_of_a_function(page: webdriver.Chrome, site: Built) -> None:
    page.get((site.folder / "reference/array_losses.ciou_loss.html").as_uri())
    assert texts(page, "article h1") == ["ciou_loss"]
    (formula, *_) = shown(page, "article mjx-container")
    assert formula.size["width"] > 100
    assert formula.find_elements(By.CSS_SELECTOR, "mjx-frac") != []
    (signature,) = texts(page, "dt.sig")
    assert re.sub(r"\s+", " ", signature).startswith("array_losses.ciou_loss(pred, target, *, gate=None, weights=None")
    assert {"pred, target", "gate"} <= {
        name.text for name in shown(page, "dd.field-odd dt strong, dd.field-even dt strong")
    }
    assert texts(page, "dl.field-list > dt") == ["Parameters:", "Returns:", "Raises:"]
    assert any(example.endswith("[0.53449813] [0.53125]") for example in texts(page, "article .highlight pre"))
    groups = texts(page, ".bd-sidebar-primary .toctree-l1 > a")
    assert "Losses of matched boxes" in groups
    assert "Keypoints" in groups


def test_every_formula_is_tex(page: webdriver.Chrome, site: Built) -> None:
    tex = re.compile(r'class="math notranslate nohighlight">\s*(?:\\\[|\\\()(.*?)(?:\\\]|\\\))\s*</', re.DOTALL)
    formulas = {
        html.unescape(formula) for page in site.pages for formula in tex.findall(page.read_text(encoding="utf-8"))
    }
    assert len(formulas) > 100
    page.get((site.folder / "reference/array_losses.ciou_loss.html").as_uri())
    shown(page, "article mjx-container")
    wrong = page.execute_async_script(
        """
        const [formulas, done] = arguments;
        const faults = 'mjx-merror, [style*="color: red"]';  // the other one is an unknown command
        const refused = async (formula) => (await MathJax.tex2chtmlPromise(formula)).querySelector(faults);
        (async () => {
            const wrong = [];
            for (const formula of formulas) if (await refused(formula)) wrong.push(formula);
            done(wrong);
        })();
        """,
        sorted(formulas),
    )
    assert wrong == []


def test_searching(page: webdriver.Chrome) -> None:
    shown(page, "button.search-button__button, button.search-button-field")[0].click()
    shown(page, "input[type=search]")[0].send_keys("ciou", Keys.ENTER)
    WebDriverWait(page, PATIENCE).until(lambda page: "search.html" in page.current_url)
    WebDriverWait(page, PATIENCE).until(lambda page: "found" in page.find_element(By.ID, "search-results").text)
    results = {result.text: result for result in shown(page, "#search-results li a")}
    assert {"array_losses.ciou_loss", "array_losses.ciou"} <= set(results)
    results["array_losses.ciou_loss"].click()
    assert texts(page, "article h1") == ["ciou_loss"]


def test_the_gallery(page: webdriver.Chrome) -> None:
    page.find_element(By.LINK_TEXT, "Gallery").click()
    thumbnails = shown(page, ".sphx-glr-thumbcontainer img")
    assert len(thumbnails) >= len(list((ROOT / "docs/gallery").glob("plot_*.py")))
    assert all(width(picture) > 0 for picture in thumbnails)
    shown(page, ".sphx-glr-thumbcontainer")[0].click()
    pictures = shown(page, "img.sphx-glr-single-img, img.sphx-glr-multi-img")
    assert all(width(picture) > 300 for picture in pictures)


def width(picture: WebElement) -> int:
    """Of the file; 0 where it did not load."""
    found = picture.get_property("naturalWidth")
    assert isinstance(found, int)
    return found


def test_the_matrix_of_the_conformance_suite(page: webdriver.Chrome) -> None:
    page.find_element(By.LINK_TEXT, "the matrix").click()
    assert "ciou_loss" in texts(page, "#matrix tbody th")
