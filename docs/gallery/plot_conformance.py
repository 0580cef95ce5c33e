"""
The conformance report: how far from the exact answer
=====================================================

Each public function is compared with its definition in 50 digits, value and slopes, on every array library. The
distance is counted in units in the last place (ULP): 1 ULP is the gap between two neighbouring numbers of the dtype.
These pictures are drawn from the reports in ``conformance/reports``, one for each library and device.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

import conformance
from array_losses.conformance import cases, report

files = sorted((Path(conformance.__file__).parent / "reports").glob("*.json"))
document = report.merged(report.read(files))
for run in document.runs:
    age = ", stale" if run.stale else ""
    print(f"{run.backend:24s} {run.version:11s} {run.executed:6d} checks, {run.failed} failed, {run.date[:10]}{age}")

# %%
# A report is written by the suite, and so is the table of all functions that these pictures sum up:
#
# .. code-block:: sh
#
#    python -m conformance                                           # every library and device on this machine
#    python -m conformance --backend torch --function giou_loss      # a part
#    python -m conformance --reports conformance/reports             # write what is read here
#    python -m conformance.report conformance/reports/*.json --html report.html
#
# The worst error by family
# -------------------------
# A family is a file in ``array_losses/conformance/cases``. A number is the worst that any function of it did, over all
# inputs, options and modes; the inputs are the hardest that were found, from boxes a millionth wide to boxes a million
# wide. The error of a slope is counted at the largest slope of its row.

FAMILIES = {
    "boxes": cases.boxes,
    "later box losses": cases.modern_boxes,
    "rotated boxes": cases.rotated,
    "keypoints": cases.keypoints,
    "codings of boxes": cases.coding,
    "regression": cases.regression,
    "yes or no": cases.binary,
    "one of C classes": cases.classes,
    "distributions": cases.distributions,
    "balanced batches": cases.batches,
    "embeddings": cases.embeddings,
    "regions": cases.regions,
    "users' own functions": cases.transforms,
}
families = {case.name: name for name, module in FAMILIES.items() for case in module.CASES}
names, backends, dtypes = [*FAMILIES, "whole detectors"], document.backends, ("float32", "float64")
cells = [cell for cell in document.cells if cell.mode != "second derivative"]  # those have a budget of their own


def worst(what):
    """By family, and by library and dtype."""
    found = np.zeros((len(names), len(backends), len(dtypes)))
    for cell in cells:
        place = names.index(families.get(cell.function, "whole detectors")), backends.index(cell.backend)
        for dtype, error in getattr(cell, what).items():
            at = (*place, dtypes.index(dtype))
            found[at] = max(found[at], error)
    return found.reshape(len(names), -1)


figure, panels = plt.subplots(2, 1, figsize=(2.5 + 1.2 * len(backends), 9.6), layout="constrained")
for axes, what, title in zip(panels, ("value", "gradient"), ("values", "slopes")):
    errors = worst(what)
    shown = axes.imshow(np.where(errors > 0.0, errors, np.nan), norm=LogNorm(0.25, 32.0), cmap="YlGnBu", aspect="auto")
    for (row, column), error in np.ndenumerate(errors):
        ink = "w" if error > 6.0 else "k"
        axes.text(column, row, f"{error:.1f}", ha="center", va="center", color=ink, fontsize=7)
    axes.set_xticks(range(errors.shape[1]), [dtype[5:] for _ in backends for dtype in dtypes], fontsize=8)
    axes.set_yticks(range(len(names)), names)
    libraries = axes.secondary_xaxis("top")
    lines = [backend.replace(":", "\n") for backend in backends]
    libraries.set_xticks([2 * i + 0.5 for i in range(len(backends))], lines, fontsize=8)
    libraries.tick_params(length=0)
    for border in range(1, len(backends)):
        axes.axvline(2 * border - 0.5, color="w", lw=2)
    axes.set_xlabel(f"worst error of {title}, float32 and float64")
figure.colorbar(shown, ax=panels, label="ULP", ticks=[0.25, 1, 4, 16], format="%g", aspect=50)
plt.show()

# %%
# Against the budget
# ------------------
# Each function has a budget, as a rule 4 ULP for values and 16 for slopes; what is beyond is a failure. The picture
# shows which share of its budget the worst error of each function takes. JAX compiles every new call, so a run
# without ``--thorough`` tries fewer of them there, and finds smaller worst errors.

figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
for backend in backends:
    shares = {}
    for cell in cells:
        if cell.backend == backend and cell.used is not None:
            shares[cell.function] = max(cell.used, shares.get(cell.function, 0.0))
    axes.plot(sorted(shares.values()), drawstyle="steps-post", lw=1.8, label=backend)
    print(f"{backend:24s} {len(shares)} functions, the largest share {max(shares.values()):.4f}")
axes.axhline(1.0, color="k", lw=1)
axes.set(xlabel="functions, in order", ylabel="share of the budget", ylim=(0, 1.1))
axes.legend(frameon=False, loc="lower right")
axes.grid(alpha=0.3)
plt.show()
