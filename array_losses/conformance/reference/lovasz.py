"""The Lovász extension of the Jaccard loss, of hinges and of the errors of a softmax, region by region.

Errors that are equal stay in the order of the pixels.

References
----------
arXiv:1705.08790, equations 8, 9 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dual import MP, Dual, positive_part, total
from .batches import Batch
from .classes import missing, softmax
from .regions import classes_of, kept
from .segmentation import labelled_pixels


def extension(errors: Sequence[Dual], positive: Sequence[bool]) -> Dual:
    """sum of e_k (J_k - J_(k-1)) by falling errors, J_k the Jaccard loss if the first k pixels were the wrong ones."""
    terms, before, hits = [], MP.mpf(0), 0
    for k, place in enumerate(sorted(range(len(errors)), key=lambda i: -errors[i].value)):
        hits += positive[place]
        union = sum(positive) + (k + 1 - hits)
        now = 1 - MP.mpf(sum(positive) - hits) / union
        terms.append(errors[place] * Dual(now - before))
        before = now
    return total(terms)


def lovasz_hinge_loss(logits: Any, targets: Any, mask: Any = None, *, absent: str = "keep") -> Batch:
    """Of the hinges max(0, 1 - s x), s = 1 where the target is above 1/2, else -1."""
    rows, counts = [], []
    for x, t in zip(classes_of(logits), classes_of(targets), strict=True):
        inside = kept(mask, len(x))
        positive = [t[i].value > 0.5 for i in inside]
        hinges = [positive_part(1 - (x[i] if yes else -x[i])) for i, yes in zip(inside, positive, strict=True)]
        skipped = absent == "skip" and not any(positive)
        rows.append(Dual(0) if skipped else extension(hinges, positive))
        counts.append(int(not skipped))
    return Batch(rows, counts, [])


def lovasz_softmax_loss(
    logits: Any, labels: Any, mask: Any = None, *, classes: str = "present", ignore_index: int | None = None
) -> Batch:
    """Of the errors 1 - p_y of the class's own pixels and p_c of the others; classes without pixels may not count."""
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    rows, counts = [], []
    for c in range(len(logits)):
        positive = [label == c for _, label in pixels]
        errors = [missing(x, c) if label == c else softmax(x, c) for x, label in pixels]
        skipped = classes == "present" and not any(positive)
        rows.append(Dual(0) if skipped else extension(errors, positive))
        counts.append(int(not skipped))
    return Batch(rows, counts, [])


SEVERAL: dict[str, Callable[..., Batch]] = {
    "lovasz_hinge_loss": lovasz_hinge_loss,
    "lovasz_softmax_loss": lovasz_softmax_loss,
}
