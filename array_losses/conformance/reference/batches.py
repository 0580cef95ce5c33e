"""Losses whose rows know of each other, or of a state that is handed on: the whole batch at once.

Each takes the rows that count, one number or row of numbers an argument, and the state as plain numbers, and returns
the rows' losses and the next state. What the batch lends to a row is a constant for its gradient.

References
----------
Gradient harmonizing mechanism: arXiv:1811.05181. Equalization loss v2: arXiv:2012.08548. Seesaw: arXiv:2008.10032.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..dual import MP, Dual, constant, sqrt, square
from .binary import distance, entropy_of
from .classes import Classes, is_ignored, nll


class Batch(NamedTuple):
    """The losses of the rows, what each counts for in a mean, and the next state as nested lists of numbers."""

    rows: list[Dual]
    counts: list[int]
    state: list[Any]


def _harmonized(
    losses: Sequence[Dual], gradients: Sequence[Any], counts: list[Any] | None, bins: int, momentum: float
) -> Batch:
    """Each loss times N / (counts of its bin x bins in use); a bin's count moves towards its number of rows."""
    places = [min(int(MP.floor(g * bins)), bins - 1) for g in gradients]
    found = [places.count(k) for k in range(bins)]
    before = [MP.mpf(0)] * bins if counts is None else [MP.mpf(c) for c in counts]
    now = [
        momentum * MP.mpf(old) + (1 - MP.mpf(momentum)) * n if n > 0 else old
        for old, n in zip(before, found, strict=True)
    ]
    in_use = sum(n > 0 for n in found)
    weights = [len(losses) / (now[k] * in_use) for k in places]
    return Batch([Dual(w) * loss for w, loss in zip(weights, losses, strict=True)], [1] * len(losses), now)


def ghm_classification_loss(
    logits: Sequence[Dual],
    targets: Sequence[Dual],
    counts: list[Any] | None = None,
    *,
    bins: int = 10,
    momentum: float = 0.0,
) -> Batch:
    losses = [entropy_of(x, t) for x, t in zip(logits, targets, strict=True)]
    gradients = [abs(distance(x, t).value) for x, t in zip(logits, targets, strict=True)]
    return _harmonized(losses, gradients, counts, bins, momentum)


def ghm_regression_loss(
    pred: Sequence[Dual],
    target: Sequence[Dual],
    counts: list[Any] | None = None,
    *,
    mu: float = 0.02,
    bins: int = 10,
    momentum: float = 0.0,
) -> Batch:
    """The loss sqrt(d^2 + mu^2) - mu, whose gradient is |d| / sqrt(d^2 + mu^2)."""
    differences = [p - t for p, t in zip(pred, target, strict=True)]
    roots = [sqrt(square(d) + square(Dual(mu))) for d in differences]
    # d^2 / (root + mu) is root - mu without the difference.
    losses = [square(d) / (root + Dual(mu)) for d, root in zip(differences, roots, strict=True)]
    gradients = [abs(d.value) / root.value for d, root in zip(differences, roots, strict=True)]
    return _harmonized(losses, gradients, counts, bins, momentum)


def equalization_loss_v2(
    logits: Sequence[Dual],
    targets: Sequence[Dual],
    state: list[list[Any]],
    *,
    classes: Sequence[int],
    gamma: float = 12.0,
    mu: float = 0.8,
    alpha: float = 4.0,
) -> Batch:
    """(pos_w t + neg_w (1 - t)) CE, by the ratio of the gradients that each class has gathered so far."""
    positive, negative = ([MP.mpf(g) for g in side] for side in state)
    losses = []
    for x, t, c in zip(logits, targets, classes, strict=True):
        ratio = positive[c] / negative[c] if negative[c] != 0 else MP.inf
        neg_w = 1 / (1 + MP.exp(-MP.mpf(gamma) * (ratio - MP.mpf(mu))))
        pos_w = 1 + alpha * (1 - neg_w)
        positive_share = constant(t).value
        losses.append(Dual(pos_w * positive_share + neg_w * (1 - positive_share)) * entropy_of(x, t))
        step = abs(distance(x, t).value)
        state = [list(side) for side in state]
        state[0][c] += step * t.value * pos_w
        state[1][c] += step * (1 - t.value) * neg_w
    return Batch(losses, [1] * len(losses), state)


def seesaw_loss(
    logits: Sequence[Classes],
    labels: Sequence[int],
    counts: list[Any],
    *,
    p: float = 0.8,
    q: float = 2.0,
    score_floor: float = 0.0,
    ignore_index: int | None = None,
) -> Batch:
    """CE(x + ln S, y): S_yj shrinks where class j is rarer than y and grows where j scores higher than y."""
    kept = [not is_ignored(len(counts), y, ignore_index) for y in labels]
    now = [MP.mpf(c) + sum(k and y == j for k, y in zip(kept, labels, strict=True)) for j, c in enumerate(counts)]
    seen = [max(n, MP.mpf(1)) for n in now]

    def row(x: Classes, y: int) -> Dual:
        top = constant(nll(x, y)).value
        floor = -top if score_floor == 0 else max(-top, MP.log(MP.mpf(score_floor)))
        moved = []
        for j, logit in enumerate(x):
            rarer = p * min(MP.mpf(0), MP.log(seen[j] / seen[y]))
            higher = q * max(MP.mpf(0), -constant(nll(x, j)).value - floor)
            moved.append(logit if j == y else logit + Dual(rarer + higher))
        return nll(moved, y)

    rows = [row(x, y) if k else Dual(0) for x, y, k in zip(logits, labels, kept, strict=True)]
    return Batch(rows, [int(k) for k in kept], now)


BATCHES: dict[str, Callable[..., Batch]] = {
    "ghm_classification_loss": ghm_classification_loss,
    "ghm_regression_loss": ghm_regression_loss,
    "equalization_loss_v2": equalization_loss_v2,
    "seesaw_loss": seesaw_loss,
}
