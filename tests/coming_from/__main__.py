"""Rewrite the tables of the pages; with --measure, print what rows differ by here instead.

python -m tests.coming_from [--measure [PAGE ...]]
"""

from __future__ import annotations

import argparse
import warnings

from . import pages
from .projects import PAGES
from .running import complaints, run
from .tables import Page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.coming_from")
    parser.add_argument("--measure", nargs="*", metavar="PAGE", help="of these pages, or of all")
    asked = parser.parse_args().measure
    for page in PAGES:
        if asked is None:
            path = pages.path_of(page)
            path.write_text(pages.renewed(page, path.read_text(encoding="utf-8")), encoding="utf-8")
        elif not asked or page.file in asked:
            _measure(page)


def _measure(page: Page) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            functions = page.load()
    except ImportError as error:
        print(f"{page.project}: {error}\n")
        return
    wrong = 0
    for name, row in page.rows:
        found = run(row, page.tables[name], functions)
        if row.both is not None:
            line = f"{found.theirs}, ours {found.ours}"
        else:
            line = f"value {found.value:.1e}" + (f", gradient {found.slope:.1e}" if row.by else "")
        print(f"{row.theirs}\n    {line}")
        for complaint in complaints(row, found):
            wrong += 1
            print(f"    NOT AS SAID: {complaint}")
    print(f"{page.project}: {len(list(page.rows))} rows, {wrong} not as said\n")


if __name__ == "__main__":
    main()
