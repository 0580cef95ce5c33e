"""Distances, cosines and losses of embeddings: a whole batch at once, with a result for each anchor, pair or proxy.

An embedding of zeros has cosine 0 with everything, and no slope. Of equal distances the largest and the smallest share
their slope evenly. What does not count in a mean has a count of 0 and costs 0.

References
----------
Triplets: arXiv:1503.03832 (semi-hard), arXiv:1703.07737 (batch hard, batch all). Contrastive: Hadsell et al., CVPR
2006. InfoNCE: arXiv:1807.03748. NT-Xent: arXiv:2002.05709. SupCon: arXiv:2004.11362. Circle: arXiv:2002.10857.
Multi-similarity: arXiv:1904.06627. ArcFace: arXiv:1801.07698. CosFace: arXiv:1801.09414. Center: Wen et al., ECCV 2016.
Proxy-NCA: arXiv:1703.07464. Proxy-Anchor: arXiv:2003.13911.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..dual import MP, Dual, chain, constant, positive_part, ratio, smaller, softplus, sqrt, square, total
from .batches import Batch

Vector = Sequence[Dual]
Vectors = Sequence[Vector]
Labels = Sequence[int]

NOTHING = Dual(0)


# Distances and cosines ------------------------------------------------------------------------------------------------


def squared_distance(a: Vector, b: Vector) -> Dual:
    return total(square(x - y) for x, y in zip(a, b, strict=True))


def distance(a: Vector, b: Vector) -> Dual:
    """0, with slope 0, for equal vectors."""
    return sqrt(squared_distance(a, b))


def dot(a: Vector, b: Vector) -> Dual:
    return total(x * y for x, y in zip(a, b, strict=True))


def cosines(a: Vectors, b: Vectors, per: float = 1.0) -> list[list[Dual]]:
    """a . b / (|a| |b| per), of each with each."""
    of_a, of_b = [Dual(per) * sqrt(dot(x, x)) for x in a], [sqrt(dot(y, y)) for y in b]
    return [[ratio(dot(x, y), m * n) for y, n in zip(b, of_b, strict=True)] for x, m in zip(a, of_a, strict=True)]


def pairwise_distance(a: Vectors, b: Vectors | None = None, *, squared: bool = False) -> Batch:
    measure = squared_distance if squared else distance
    return _all_count(measure(x, y) for x in a for y in (a if b is None else b))


def pairwise_similarity(a: Vectors, b: Vectors | None = None, *, normalize: bool = True) -> Batch:
    others = a if b is None else b
    table = cosines(a, others) if normalize else [[dot(x, y) for y in others] for x in a]
    return _all_count(s for row in table for s in row)


def _all_count(rows: Iterable[Dual]) -> Batch:
    listed = list(rows)
    return Batch(listed, [1] * len(listed), [])


# Pairs and triplets of a batch ----------------------------------------------------------------------------------------


def positives(labels: Labels, i: int) -> list[int]:
    """The others with the anchor's label."""
    return [j for j, label in enumerate(labels) if j != i and label == labels[i]]


def negatives(labels: Labels, i: int) -> list[int]:
    return [j for j, label in enumerate(labels) if label != labels[i]]


def largest(numbers: Sequence[Dual]) -> Dual:
    """Ties share the slope; 0 of none."""
    return _shared(numbers, max(x.value for x in numbers)) if numbers else NOTHING


def smallest(numbers: Sequence[Dual]) -> Dual:
    return _shared(numbers, min(x.value for x in numbers)) if numbers else NOTHING


def _shared(numbers: Sequence[Dual], extreme: object) -> Dual:
    tied = [x for x in numbers if x.value == extreme]
    return chain(extreme, *((MP.mpf(1) / len(tied), x) for x in tied))


def _hardest(distances: Vectors, labels: Labels) -> list[tuple[Dual, Dual, bool]]:
    rows = []
    for i, d in enumerate(distances):
        same, other = positives(labels, i), negatives(labels, i)
        rows.append((largest([d[j] for j in same]), smallest([d[k] for k in other]), bool(same and other)))
    return rows


def _semi_hard(distances: Vectors, labels: Labels) -> list[tuple[Dual, Dual, bool]]:
    """By pair of anchor and positive: the nearest negative that is farther than the positive, else the farthest."""
    rows = []
    for i, d in enumerate(distances):
        apart = [d[k] for k in negatives(labels, i)]
        for j in range(len(labels)):
            if j in positives(labels, i) and apart:
                farther = [x for x in apart if x.value > d[j].value]
                rows.append((d[j], smallest(farther) if farther else largest(apart), True))
            else:
                rows.append((NOTHING, NOTHING, False))
    return rows


def _mined(rows: Iterable[tuple[Dual, Dual, bool]]) -> Batch:
    """Positive, negative and whether it is valid, side by side."""
    return _all_count(part for positive, negative, valid in rows for part in (positive, negative, Dual(valid)))


def batch_hard(distances: Vectors, labels: Labels) -> Batch:
    return _mined(_hardest(distances, labels))


def semi_hard(distances: Vectors, labels: Labels) -> Batch:
    return _mined(_semi_hard(distances, labels))


def _hinge(positive: Dual, negative: Dual, margin: float | None) -> Dual:
    """max(0, d_ap - d_an + margin); ln(1 + e^(d_ap - d_an)) without a margin."""
    if margin is None:
        return softplus(total([positive, -negative]))
    return positive_part(total([positive, -negative, Dual(margin)]))


def triplet_loss(
    anchor: Vector, positive: Vector, negative: Vector, *, margin: float | None = 0.2, swap: bool = False
) -> Dual:
    apart = distance(anchor, negative)
    if swap:
        apart = smaller(apart, distance(positive, negative))
    return _hinge(distance(anchor, positive), apart, margin)


def mined_triplet_loss(
    positive: Dual, negative: Dual, *, margin: float | None = 0.2, active_only: bool = False
) -> Batch:
    return _of_mined([(positive, negative, True)], margin, active_only)


def _of_mined(rows: Iterable[tuple[Dual, Dual, bool]], margin: float | None, active_only: bool) -> Batch:
    losses, counts = [], []
    for positive, negative, valid in rows:
        loss = _hinge(positive, negative, margin) if valid else NOTHING
        losses.append(loss)
        counts.append(int(valid and (loss.value > 0 or not active_only)))
    return Batch(losses, counts, [])


def _distances(embeddings: Vectors) -> list[list[Dual]]:
    return [[distance(x, y) for y in embeddings] for x in embeddings]


def batch_hard_triplet_loss(
    embeddings: Vectors, labels: Labels, *, margin: float | None = 0.2, active_only: bool = False
) -> Batch:
    return _of_mined(_hardest(_distances(embeddings), labels), margin, active_only)


def semi_hard_triplet_loss(embeddings: Vectors, labels: Labels, *, margin: float | None = 1.0) -> Batch:
    return _of_mined(_semi_hard(_distances(embeddings), labels), margin, active_only=False)


def batch_all_triplet_loss(
    embeddings: Vectors, labels: Labels, *, margin: float = 0.2, active_only: bool = True
) -> Batch:
    """An anchor's loss is the sum over its triplets; it counts as many of them as there are, or as are above 0."""
    losses, counts = [], []
    for i, d in enumerate(_distances(embeddings)):
        every = [_hinge(d[j], d[k], margin) for j in positives(labels, i) for k in negatives(labels, i)]
        losses.append(total(every))
        counts.append(sum(loss.value > 0 or not active_only for loss in every))
    return Batch(losses, counts, [])


def contrastive_loss(
    distances: Dual, same: int, *, positive_margin: float = 0.0, negative_margin: float = 1.0, squared: bool = True
) -> Dual:
    missing = positive_part(total([distances, Dual(-positive_margin)] if same else [Dual(negative_margin), -distances]))
    return square(missing) / 2 if squared else missing


# Losses of cosines ----------------------------------------------------------------------------------------------------


def log_sum_exp(numbers: Sequence[Dual]) -> Dual:
    total_of_all = MP.fsum(MP.exp(x.value) for x in numbers)
    return chain(MP.log(total_of_all), *((MP.exp(x.value) / total_of_all, x) for x in numbers))


def log_one_plus(numbers: Sequence[Dual]) -> Dual:
    """ln(1 + sum of e^x), with all digits where the sum is small."""
    total_of_all = MP.fsum(MP.exp(x.value) for x in numbers)
    return chain(MP.log1p(total_of_all), *((MP.exp(x.value) / (1 + total_of_all), x) for x in numbers))


def _surprise(scores: Sequence[Dual], own: int) -> Dual:
    """-ln(e^x_own / sum of all e^x) = ln(1 + sum over the others of e^(x - x_own))."""
    return log_one_plus([x - scores[own] for j, x in enumerate(scores) if j != own])


def info_nce_loss(
    queries: Vectors, keys: Vectors, negatives: Vectors | None = None, *, temperature: float = 0.07
) -> Batch:
    own = cosines(queries, keys, temperature)
    if negatives is None:
        return _all_count(_surprise(scores, i) for i, scores in enumerate(own))
    queue = cosines(queries, negatives, temperature)
    return _all_count(_surprise([scores[i], *apart], 0) for i, (scores, apart) in enumerate(zip(own, queue)))


def nt_xent_loss(embeddings: Vectors, labels: Labels, *, temperature: float = 0.5) -> Batch:
    losses, counts = [], []
    for i, scores in enumerate(cosines(embeddings, embeddings, temperature)):
        apart = [scores[k] for k in negatives(labels, i)]
        for j in range(len(labels)):
            is_pair = j in positives(labels, i)
            losses.append(_surprise([scores[j], *apart], 0) if is_pair else NOTHING)
            counts.append(int(is_pair))
    return Batch(losses, counts, [])


def sup_con_loss(embeddings: Vectors, labels: Labels, *, temperature: float = 0.1) -> Batch:
    losses, counts = [], []
    for i, scores in enumerate(cosines(embeddings, embeddings, temperature)):
        others = [j for j in range(len(labels)) if j != i]
        same = positives(labels, i)
        every = [_surprise([scores[k] for k in others], others.index(j)) for j in same]
        losses.append(total(every) / len(every) if every else NOTHING)
        counts.append(int(bool(every)))
    return Batch(losses, counts, [])


def circle_loss(embeddings: Vectors, labels: Labels, *, margin: float = 0.25, gamma: float = 256.0) -> Batch:
    """The weights [1 + m - s_p]+ and [s_n + m]+ are constants for the gradient."""
    losses, counts = [], []
    for i, s in enumerate(cosines(embeddings, embeddings)):
        same = [s[j] for j in positives(labels, i)]
        apart = [s[k] for k in negatives(labels, i)]
        if same and apart:
            pulls = [-(gamma * constant(positive_part(1 + margin - x)) * (x - (1 - Dual(margin)))) for x in same]
            pushes = [gamma * constant(positive_part(x + margin)) * (x - margin) for x in apart]
            losses.append(softplus(log_sum_exp(pulls) + log_sum_exp(pushes)))
        else:
            losses.append(NOTHING)
        counts.append(int(bool(same and apart)))
    return Batch(losses, counts, [])


def multi_similarity_loss(
    embeddings: Vectors,
    labels: Labels,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 1.0,
    epsilon: float | None = 0.1,
) -> Batch:
    """Of the positives those that are less near than the nearest negative by epsilon, and the other way round."""
    losses = []
    for i, s in enumerate(cosines(embeddings, embeddings)):
        same = [s[j] for j in positives(labels, i)]
        apart = [s[k] for k in negatives(labels, i)]
        if epsilon is not None:
            nearest = max((x.value for x in apart), default=-MP.inf)
            farthest = min((x.value for x in same), default=MP.inf)
            same = [x for x in same if x.value < nearest + MP.mpf(epsilon)]
            apart = [x for x in apart if x.value > farthest - MP.mpf(epsilon)]
        pull = log_one_plus([-(alpha * (x - base)) for x in same]) / Dual(alpha)
        push = log_one_plus([beta * (x - base) for x in apart]) / Dual(beta)
        losses.append(pull + push)
    return _all_count(losses)


# Margins of class logits ----------------------------------------------------------------------------------------------


def arcface_logits(cosines: Vector, labels: int, *, margin: float = 0.5, scale: float = 64.0) -> Batch:
    """cos(t + m) of the label's angle t; beyond t = pi - m the line cos t - m sin m. At cosines of 1 and -1 the slope
    is that of cos t cos m alone."""
    m = MP.mpf(margin)

    def turned(cos: Dual) -> Dual:
        if MP.acos(cos.value) > MP.pi - m:
            return cos - Dual(m * MP.sin(m))
        sin = MP.sqrt(1 - cos.value**2)
        slope = MP.cos(m) + (cos.value * MP.sin(m) / sin if sin else 0)
        return chain(cos.value * MP.cos(m) - sin * MP.sin(m), (slope, cos))

    return _all_count(Dual(scale) * (turned(c) if j == labels else c) for j, c in enumerate(cosines))


def cosface_logits(cosines: Vector, labels: int, *, margin: float = 0.35, scale: float = 64.0) -> Batch:
    return _all_count(Dual(scale) * (c - margin if j == labels else c) for j, c in enumerate(cosines))


# Centers and proxies --------------------------------------------------------------------------------------------------


def center_loss(embeddings: Vectors, centers: Vectors, labels: Labels) -> Batch:
    """|x - c_y|^2 / 2; labels without a center are ignored."""
    kept = [0 <= y < len(centers) for y in labels]
    losses = [
        squared_distance(x, centers[y]) / 2 if known else NOTHING
        for x, y, known in zip(embeddings, labels, kept, strict=True)
    ]
    return Batch(losses, [int(known) for known in kept], [])


def proxy_nca_loss(
    embeddings: Vectors, proxies: Vectors, labels: Labels, *, scale: float = 1.0, include_positive: bool = False
) -> Batch:
    """-ln(e^(-scale d(x, p_y)) / sum over the others, or all, of e^(-scale d(x, p_z))), with d = 2 - 2 cos."""
    losses, counts = [], []
    for x, y in zip(embeddings, labels, strict=True):
        known = 0 <= y < len(proxies)
        scores = [2 * Dual(scale) * (s - 1) for s in cosines([x], proxies)[0]]
        if known and include_positive:
            losses.append(_surprise(scores, y))
        elif known:
            losses.append(log_sum_exp([s for z, s in enumerate(scores) if z != y]) - scores[y])
        else:
            losses.append(NOTHING)
        counts.append(int(known))
    return Batch(losses, counts, [])


def proxy_anchor_loss(
    embeddings: Vectors, proxies: Vectors, labels: Labels, *, margin: float = 0.1, alpha: float = 32.0
) -> Batch:
    """By proxy, so that the mean over all proxies is the paper's: the pull's own mean is over the classes present."""
    present = sum(c in labels for c in range(len(proxies)))
    losses = []
    for c, s in enumerate(cosines(proxies, embeddings)):
        pull = log_one_plus([-(alpha * (x - margin)) for x, y in zip(s, labels, strict=True) if y == c])
        push = log_one_plus([alpha * (x + margin) for x, y in zip(s, labels, strict=True) if y != c])
        losses.append((pull * (MP.mpf(len(proxies)) / present) if present else NOTHING) + push)
    return _all_count(losses)


ROWS: dict[str, Callable[..., Dual]] = {"triplet_loss": triplet_loss, "contrastive_loss": contrastive_loss}
SEVERAL: dict[str, Callable[..., Batch]] = {
    function.__name__: function
    for function in (
        pairwise_distance,
        pairwise_similarity,
        batch_hard,
        semi_hard,
        mined_triplet_loss,
        batch_hard_triplet_loss,
        semi_hard_triplet_loss,
        batch_all_triplet_loss,
        info_nce_loss,
        nt_xent_loss,
        sup_con_loss,
        circle_loss,
        multi_similarity_loss,
        arcface_logits,
        cosface_logits,
        center_loss,
        proxy_nca_loss,
        proxy_anchor_loss,
    )
}
