"""The documentation site: `python -m sphinx -W --keep-going -b html docs docs/_site`, with the extra `docs`.

Nothing of it needs a network, neither when it is built nor when it is read, from a server or from the disk.
"""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

import array_losses  # noqa: E402

project = "array_losses"
author = "the array_losses developers"
version = release = array_losses.__version__

extensions = [
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    # beside this file
    "site_reference",
    "site_docstrings",
    "site_repository",
]
exclude_patterns = ["_*", "gallery"]
# of MathJax, what nothing loads
exclude_patterns += [f"mathjax/{name}" for name in ("*-svg*", "mml-*", "tex-mml-*", "*-full*", "node-main.js")]
templates_path = ["_templates"]

default_role = "py:obj"  # `name` is code, and a link to its page where it has one
autodoc_typehints = "none"  # numpydoc's sections say more
numpydoc_show_class_members = False
myst_heading_anchors = 3

# The package's own extension would keep Sphinx from reading pages in parallel.
_MATHJAX = str(Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static")
mathjax_path = "mathjax/tex-chtml.js"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "backreferences_dir": "auto_gallery/generated",
    "doc_module": ("array_losses",),
    "reference_url": {"array_losses": None},
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "notebook_extensions": [],
}

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {release}"
html_static_path = ["_static", _MATHJAX]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_search_summary = False  # a browser cannot fetch it from the disk
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "logo": {"text": f"{project} {release}"},
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": {
        "*": ["page-toc"],
        "index": [],
        "coming_from/*": ["page-toc"],
        "repository/**": ["page-toc"],
    },
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
}
