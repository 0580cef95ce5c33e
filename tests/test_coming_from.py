"""The calls that reproduce another project's, each run where it is installed: values, gradients, and how far apart."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from coming_from import inputs, pages
from coming_from.projects import PAGES
from coming_from.running import Outcome, complaints, run
from coming_from.tables import Page, Row

import array_losses as al

ROWS = [pytest.param(page, name, row, id=f"{page.file}: {row.theirs}") for page in PAGES for name, row in page.rows]
every_page = pytest.mark.parametrize("page", [pytest.param(page, id=page.file) for page in PAGES])


@pytest.mark.parametrize(("page", "name", "row"), ROWS)
def test_row(page: Page, name: str, row: Row) -> None:
    with warnings.catch_warnings():
        # What other projects warn of is not ours.
        warnings.simplefilter("ignore")
        try:
            functions = page.load()
        except ImportError as error:
            pytest.skip(str(error))
    assert complaints(row, run(row, page.tables[name], functions)) == []


@pytest.mark.parametrize(
    ("row", "theirs", "ours", "slopes", "complained"),
    [
        (Row("", ""), 2.0, 2.0 + 1e-10, None, ""),
        (Row("", ""), 2.0, 2.0 + 1e-9, None, "value: 5.0e-10, not 0e+00"),
        (Row("", "", single=True), 2.0, 2.0 + 1e-5, None, ""),
        (Row("", "", value=3e-3), 2.0, 2.005, None, ""),
        (Row("", "", value=3e-3), 2.0, 2.007, None, "value: 3.5e-03, not 3e-03"),
        (Row("", "", value=3e-3), 2.0, 2.0005, None, "value: 2.5e-04, not 3e-03"),
        (Row("", "", by="x"), 2.0, 2.0, (1.0, 1.5), "gradient: 5.0e-01, not 0e+00"),
        (Row("", "", by="x", value=0.0, gradient=0.6), 2.0, 2.0, (1.0, 1.5), ""),
        (Row("", "", by="x", value=3e-3), 2.0, 2.004, (1.0, 1.002), ""),
        (Row("", "", by="x"), 2.0, 2.0, (0.0, 0.0), "nothing to learn about the slopes of x"),
        (Row("", "", both=(np.nan, 0.0)), np.nan, 0.0, None, ""),
        (Row("", "", both=(np.nan, 0.0)), np.nan, 1e-300, None, "ours: 1e-300, not 0.0"),
        (Row("", "", both=(0.75, 1.0)), 0.76, 1.0, None, "theirs: 0.76, not 0.75"),
    ],
)
def test_what_is_said_is_checked(row: Row, theirs: Any, ours: Any, slopes: Any, complained: str) -> None:
    arrays = [np.asarray(x) for x in (theirs, ours, *(slopes or (0.0, 0.0)))]
    assert complaints(row, Outcome(*arrays)) == [complained] * bool(complained)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row("", "", by="x"), "equal"),
        (Row("", ""), "value equal"),
        (Row("", "", by="x", value=3e-8), "3e-8"),
        (Row("", "", by="x", value=3e-8, gradient=0.02), "value 3e-8, gradient 0.02"),
        (Row("", "", both=(np.nan, 0.0)), "NaN, ours 0"),
    ],
)
def test_how_much_in_words(row: Row, text: str) -> None:
    assert row.how_much == text


@every_page
def test_the_page_is_up_to_date(page: Page) -> None:
    """If not: python -m tests.coming_from"""
    text = pages.path_of(page).read_text(encoding="utf-8")
    assert pages.tables_in(text) == list(page.tables)
    assert text == pages.renewed(page, text)


def test_each_array_is_named_by_a_call() -> None:
    tables = [table for page in PAGES for table in page.tables.values()]
    named = set()
    for table in tables:
        words = re.findall(r"\w+", " ".join(f"{row.theirs} {row.ours}" for row in table.rows))
        named |= {id(table.inputs[word]) for word in words if word in table.inputs}
    assert {name for table in tables for name, entry in table.inputs.items() if id(entry) not in named} == set()


def test_the_index_lists_the_pages() -> None:
    text = (pages.FOLDER / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\w+)\.md\)", text) == [page.file for page in PAGES]
    assert re.findall(r"^(\w+)$", text.split("{toctree}")[1], re.MULTILINE) == [page.file for page in PAGES]
    assert {path.stem for path in pages.FOLDER.glob("*.md")} == {"index", *[page.file for page in PAGES]}


def test_the_boxes_tell_relatives_apart() -> None:
    """No two edges on each other; below and above IoU 1/2; one pair apart, one nested; none a square."""
    pred, target = inputs.PRED, inputs.TARGET
    assert not (pred == target).any()
    assert not (pred == target[:, [2, 3, 0, 1]]).any()
    overlaps = al.iou(pred, target)
    assert (overlaps == 0.0).any()
    assert ((overlaps > 0.0) & (overlaps < 0.5)).any()
    assert (overlaps > 0.5).any()
    assert ((pred[:, :2] < target[:, :2]) & (pred[:, 2:] > target[:, 2:])).all(axis=-1).any()
    sides = np.concatenate([pred, target])[:, 2:] - np.concatenate([pred, target])[:, :2]
    assert (sides[:, 0] != sides[:, 1]).all()
