"""Gradient boosting with the focal loss, on classes of which one is rare.

    python -m examples.boosting

LightGBM asks an objective for slopes and second derivatives and differentiates nothing itself. Here they are those of
`sigmoid_focal_loss` with the paper's gamma and alpha, on NumPy arrays. Each data set is made by scikit-learn: 2 % of
the rows are positive, of 30 columns 8 tell which. The measure is the average precision on rows that were held back,
beside that of LightGBM's own log loss with the same trees.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split

from array_losses import sigmoid_focal_loss, value_grad_and_hessian_diagonal

TREES = {"learning_rate": 0.1, "num_leaves": 31, "num_threads": 1, "seed": 0, "deterministic": True, "verbose": -1}
LEAST = 1e-6
"""Second derivatives below count as this: LightGBM divides by their sums, and the focal loss is not convex."""

derivatives = value_grad_and_hessian_diagonal(sigmoid_focal_loss)


def focal(scores: Any, data: Any) -> tuple[Any, Any]:
    """The objective: slopes and second derivatives of each row's loss along its score."""
    _, slopes, curvatures = derivatives(scores, data.get_label().astype(scores.dtype))
    return slopes, np.maximum(curvatures, LEAST)


class Precision(NamedTuple):
    """Average precisions on rows that were held back."""

    focal: float
    log: float


def compare(seed: int, rows: int = 20_000, rounds: int = 200) -> Precision:
    """The same trees under both objectives on the data set of a seed."""
    columns, labels = make_classification(
        rows,
        30,
        n_informative=8,
        n_redundant=4,
        n_clusters_per_class=4,
        weights=[0.98],
        flip_y=0.005,
        random_state=seed,
    )
    train, test, train_labels, test_labels = train_test_split(
        columns, labels, test_size=0.5, stratify=labels, random_state=0
    )

    def precision(objective: str | Callable[..., Any]) -> float:
        data = lightgbm.Dataset(train, train_labels)
        model = lightgbm.train(TREES | {"objective": objective, "min_sum_hessian_in_leaf": 1e-3}, data, rounds)
        return float(average_precision_score(test_labels, model.predict(test, raw_score=True)))

    return Precision(precision(focal), precision("binary"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if the focal loss is worse in the mean."""
    parser = argparse.ArgumentParser(prog="python -m examples.boosting", description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=4, help="how many data sets (default 4)")
    sets = parser.parse_args(arguments).sets
    found = [compare(seed) for seed in track(range(sets), "boosting", console=Console(stderr=True), transient=True)]
    table = Table("data set", "focal loss", "log loss", title="average precision")
    for seed, precision in enumerate(found):
        table.add_row(str(seed), *[f"{number:.4f}" for number in precision])
    mean = Precision._make(np.mean(found, axis=0).tolist())
    table.add_row("mean", *[f"{number:.4f}" for number in mean])
    Console().print(table)
    return int(mean.focal < mean.log)


if __name__ == "__main__":
    raise SystemExit(main())
