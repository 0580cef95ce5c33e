"""In distances, cosines and losses of embeddings."""

from __future__ import annotations

from .fault import Fault

PAIRS = "measures/_pairs.py"
LENGTHS = "measures/_lengths.py"
MINING = "measures/_mining.py"
PENALTIES = "measures/triplets.py"
TRIPLETS = "losses/triplets.py"
CONTRAST = "losses/contrast.py"
PROXIES = "losses/proxies.py"

FAULTS = (
    Fault(
        "squared distance for distance",
        PAIRS,
        "table if squared else xp.sqrt(table, out=table)",
        "table",
        ("pairwise_distance", "batch_all_triplet_loss"),
    ),
    Fault(
        "distances of coincident embeddings from the rounding of their squares",
        PAIRS,
        "2.0**-50 * math.sqrt(arrays[0].shape[-1])",
        "-1.0",
        ("pairwise_distance",),
    ),
    Fault(
        "an embedding of zeros divided by its length",
        LENGTHS,
        "xp.where(zero, math.inf, found))",
        "found)",
        ("pairwise_similarity", "nt_xent_loss"),
    ),
    Fault(
        "an anchor that is its own positive",
        PAIRS,
        "return xp.logical_and(same, others(xp, labels, labels.shape[-1])), xp.logical_not(same)",
        "return same, xp.logical_not(same)",
        ("batch_hard", "semi_hard", "batch_all_triplet_loss", "nt_xent_loss", "circle_loss"),
    ),
    Fault(
        "all others, positives as well, for negatives",
        PAIRS,
        "labels.shape[-1])), xp.logical_not(same)",
        "labels.shape[-1])), others(xp, labels, labels.shape[-1])",
        ("batch_hard", "batch_hard_triplet_loss", "multi_similarity_loss"),
    ),
    Fault(
        "the nearest positive for the farthest",
        MINING,
        "xp.where(positives, table, -math.inf)",
        "xp.where(positives, -table, -math.inf)",
        ("batch_hard_triplet_loss",),
    ),
    Fault(
        "all of a tie's slope to one pair",
        MINING,
        "return equal * (slope / xp.where(valid, count, 1.0))[..., None] - first",
        "return 0.0 * first",
        ("batch_hard_triplet_loss",),
    ),
    Fault(
        "a negative as near as the positive taken for one that is farther",
        PAIRS,
        "count_below(xp, ranked, values, or_equal=True), xp.where(count",
        "count_below(xp, ranked, values), xp.where(count",
        ("semi_hard",),
    ),
    Fault(
        "the nearest negative where none is farther",
        PAIRS,
        "xp.where(count > 0, count - 1, 0)",
        "xp.where(count > 0, 0, 0)",
        ("semi_hard", "semi_hard_triplet_loss"),
    ),
    Fault(
        "a swap to the farther of anchor and positive",
        PENALTIES,
        "apart = xp.minimum(apart,",
        "apart = xp.maximum(apart,",
        ("triplet_loss",),
    ),
    Fault(
        "the margin with the wrong sign",
        PENALTIES,
        "relu(xp, gap + margin)",
        "relu(xp, gap - margin)",
        ("triplet_loss", "mined_triplet_loss", "batch_hard_triplet_loss", "semi_hard_triplet_loss"),
    ),
    Fault(
        "the soft margin the wrong way round",
        PENALTIES,
        "softplus(xp, gap) if",
        "softplus(xp, -gap) if",
        ("triplet_loss", "mined_triplet_loss"),
    ),
    Fault(
        "a mean over all rows instead of those above 0",
        TRIPLETS,
        "rows.dtype) if active_only else None)",
        "rows.dtype) if active_only is None else None)",
        ("mined_triplet_loss", "batch_hard_triplet_loss"),
    ),
    Fault(
        "a cost and a count for anchors without a pair",
        TRIPLETS,
        "active_only)._replace(valid=found.valid)",
        "active_only)",
        ("batch_hard_triplet_loss",),
    ),
    Fault(
        "a mean over anchors instead of triplets",
        TRIPLETS,
        "counts=xp.sum(pulls, axis=-1))",
        "counts=astype(xp, xp.sum(pulls, axis=-1) > 0.0, x.dtype))",
        ("batch_all_triplet_loss",),
    ),
    Fault(
        "pairs counted instead of triplets",
        TRIPLETS,
        "next(every) * next(every)",
        "next(every) + next(every)",
        ("batch_all_triplet_loss",),
    ),
    Fault(
        "squares of both margins without their half",
        PENALTIES,
        "missing * missing * 0.5",
        "missing * missing",
        ("contrastive_loss",),
    ),
    Fault(
        "a denominator without the own key",
        CONTRAST,
        "Rows(softplus(xp, rest - xp.sum(q * k, axis=-1)))",
        "Rows(rest - xp.sum(q * k, axis=-1))",
        ("info_nce_loss",),
    ),
    Fault(
        "the first key for one's own",
        PAIRS,
        "xp.arange(scores.shape[-1], device=device_of(xp, scores))",
        "0 * xp.arange(scores.shape[-1], device=device_of(xp, scores))",
        ("info_nce_loss",),
    ),
    Fault(
        "the other positives in the denominator",
        CONTRAST,
        "rest = pairs.log_sum_exp(xp, scores, negatives)",
        "rest = pairs.log_sum_exp(xp, scores, pairs.others(xp, x, x.shape[-2]))",
        ("nt_xent_loss",),
    ),
    Fault(
        "the sum over the positives for their mean",
        CONTRAST,
        "below / xp.where(valid, count, 1.0)",
        "below",
        ("sup_con_loss",),
    ),
    Fault(
        "weights of positives that are no constants",
        CONTRAST,
        "relu(xp, (1.0 + margin) - known)",
        "relu(xp, (1.0 + margin) - s)",
        ("circle_loss",),
    ),
    Fault(
        "weights of negatives that grow from the margin",
        CONTRAST,
        "relu(xp, known + margin)",
        "relu(xp, known - margin)",
        ("circle_loss",),
    ),
    Fault(
        "positives mined by the margin on the wrong side",
        CONTRAST,
        "known >= nearest + epsilon",
        "known >= nearest - epsilon",
        ("multi_similarity_loss",),
    ),
    Fault(
        "the push divided by alpha",
        CONTRAST,
        "negatives)) / beta",
        "negatives)) / alpha",
        ("multi_similarity_loss",),
    ),
    Fault(
        "an angle beyond pi - m turned on",
        PROXIES,
        "xp.where(c < -math.cos(margin),",
        "xp.where(c < -1.0,",
        ("arcface_logits",),
    ),
    Fault(
        "an infinite slope at a cosine of 1",
        PROXIES,
        "root(xp, square, square <= 0.0)",
        "xp.sqrt(square)",
        ("arcface_logits",),
    ),
    Fault(
        "a margin that helps",
        PROXIES,
        "moved = c - margin",
        "moved = c + margin",
        ("cosface_logits",),
    ),
    Fault(
        "the squared distance of a center without its half",
        PROXIES,
        "0.5 * xp.sum(difference * difference, axis=-1)",
        "xp.sum(difference * difference, axis=-1)",
        ("center_loss",),
    ),
    Fault(
        "distances of directions that are not squared twice the cosine",
        PROXIES,
        "scores = (2.0 * scale) *",
        "scores = scale *",
        ("proxy_nca_loss",),
    ),
    Fault(
        "the own proxy among the others",
        PROXIES,
        "xp.logical_not(one_hot(xp, index, scores))",
        "scores == scores",
        ("proxy_nca_loss",),
    ),
    Fault(
        "no count of the classes present",
        PROXIES,
        "Rows(share * pull + push)",
        "Rows(pull + push)",
        ("proxy_anchor_loss",),
    ),
    Fault(
        "the margin of negatives on the side of positives",
        PROXIES,
        "alpha * (s + margin), xp.logical_not(own)",
        "alpha * (s - margin), xp.logical_not(own)",
        ("proxy_anchor_loss",),
    ),
)
