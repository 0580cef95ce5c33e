"""Losses of embeddings against numbers of other projects, and on cases small enough for a pencil.

"PML" is pytorch-metric-learning, whose tests write their formulas out; the numbers are theirs, worked out in float64.
What cannot be written with these functions: NCA among the embeddings of a batch (`NCALoss`; ours has proxies), and
NT-Xent or SupCon of Euclidean distances in place of cosines.
"""

from __future__ import annotations

import math
from math import cos, exp, log, log1p, sin
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def circle_points(*degrees: float, stretch: Any = (1, 1)) -> Any:
    """Points of the unit circle; PML's own tests stretch them by (2, 1/2) and normalize again."""
    turn = np.radians(degrees)
    points = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * stretch
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


# Triplets -------------------------------------------------------------------------------------------------------------


def test_triplets_of_mindspore_and_optax() -> None:
    anchor, positive = numbers([0.3, 0.7], [0.5, 0.5]), numbers([0.4, 0.6], [0.4, 0.6])
    negative = numbers([0.2, 0.9], [0.3, 0.7])
    options: Any = {"margin": 1, "reduction": "mean"}
    assert al.triplet_loss(anchor, positive, negative, **options) == pytest.approx(0.88819660, abs=5e-9)
    # MindSpore, documentation of TripletMarginLoss, adds 1e-6 to each difference, as torch does.
    assert al.triplet_loss(anchor + 1e-6, positive, negative, **options) == pytest.approx(0.8881968, abs=5e-8)
    # optax, documentation of triplet_margin_loss: sqrt(.02) + 1 - 1; and its test: equal distances leave the margin.
    rows = al.triplet_loss(numbers([0, 0], [1, 1]), numbers([0.1, 0.1], [1.1, 1.1]), numbers([1, 0], [0, 1]), margin=1)
    np.testing.assert_allclose(rows, [math.sqrt(0.02)] * 2, rtol=1e-13)
    ones = np.ones((2, 2))
    np.testing.assert_array_equal(al.triplet_loss(ones, 0 * ones, 2 * ones, margin=1), [1, 1])


def test_margins_and_swaps() -> None:
    """d_ap = 5, d_an = 10, d_pn = 5: swapping brings the negative to 5."""
    anchor, positive, negative = numbers([0, 0]), numbers([3, 4]), numbers([6, 8])
    assert al.triplet_loss(anchor, positive, negative, margin=6)[0] == 1
    assert al.triplet_loss(anchor, positive, negative, margin=1)[0] == 0
    assert al.triplet_loss(anchor, positive, negative, margin=1, swap=True)[0] == 1
    assert al.triplet_loss(anchor, positive, negative, margin=None)[0] == pytest.approx(log1p(exp(-5)), rel=1e-14)
    distances = numbers(5, 1, 7), numbers(10, 3, 2)
    np.testing.assert_array_equal(al.mined_triplet_loss(*distances, margin=6), [1, 4, 11])
    options: Any = {"margin": 3, "reduction": "mean"}
    np.testing.assert_allclose(al.mined_triplet_loss(*distances, **options), (0 + 1 + 8) / 3, rtol=1e-15)
    assert al.mined_triplet_loss(*distances, active_only=True, **options) == 4.5


# Places on a line, two of each label. Distances 10 | 3 4 | 7 6 | 1.
LINE, PAIRS = numbers([0], [10], [3], [4]), np.asarray([0, 0, 1, 1])


def test_mining() -> None:
    """Hardest: 10 and the nearer of 3, 4; 10 and 6; 1 and 3; 1 and 4. Semi-hard: nothing lies beyond 10, so the
    farthest; beyond 1 the nearest."""
    distances = al.pairwise_distance(LINE)
    np.testing.assert_array_equal(distances, [[0, 10, 3, 4], [10, 0, 7, 6], [3, 7, 0, 1], [4, 6, 1, 0]])
    hard = al.batch_hard(distances, PAIRS)
    np.testing.assert_array_equal(hard.positive, [10, 10, 1, 1])
    np.testing.assert_array_equal(hard.negative, [3, 6, 3, 4])
    assert hard.valid.all()
    semi = al.semi_hard(distances, PAIRS)
    pairs = [
        [False, True, False, False],
        [True, False, False, False],
        [False] * 3 + [True],
        [False, False, True, False],
    ]
    np.testing.assert_array_equal(semi.valid, pairs)
    np.testing.assert_array_equal(semi.positive[semi.valid], [10, 10, 1, 1])
    np.testing.assert_array_equal(semi.negative[semi.valid], [4, 7, 3, 4])
    alone = al.batch_hard(distances, np.asarray([0, 1, 1, 2]))
    np.testing.assert_array_equal(alone.valid, [False, True, True, False])
    np.testing.assert_array_equal(alone.positive, [0, 7, 7, 0])
    np.testing.assert_array_equal(alone.negative, [3, 6, 1, 1])


def test_triplets_of_a_batch() -> None:
    options: Any = {"reduction": "mean"}
    np.testing.assert_array_equal(al.batch_hard_triplet_loss(LINE, PAIRS, margin=2.5), [9.5, 6.5, 0.5, 0])
    assert al.batch_hard_triplet_loss(LINE, PAIRS, margin=2.5, **options) == 16.5 / 4
    assert al.batch_hard_triplet_loss(LINE, PAIRS, margin=2.5, active_only=True, **options) == 16.5 / 3
    rows = al.semi_hard_triplet_loss(LINE, PAIRS, margin=2.5)
    expected = numbers([0, 8.5, 0, 0], [5.5, 0, 0, 0], [0, 0, 0, 0.5], [0, 0, 0, 0])
    np.testing.assert_array_equal(rows, expected)
    assert al.semi_hard_triplet_loss(LINE, PAIRS, margin=2.5, **options) == 14.5 / 4
    # All eight: 10 against 3, 4, 7, 6 and 1 against 3, 7, 4, 6.
    np.testing.assert_array_equal(al.batch_all_triplet_loss(LINE, PAIRS, margin=2.5), [18, 12, 0.5, 0])
    assert al.batch_all_triplet_loss(LINE, PAIRS, margin=2.5, **options) == 30.5 / 5
    assert al.batch_all_triplet_loss(LINE, PAIRS, margin=2.5, active_only=False, **options) == 30.5 / 8


ARC, ARC_LABELS = circle_points(0, 20, 40, 60, 80), np.asarray([0, 0, 1, 1, 2])


def test_triplets_of_pml() -> None:
    """Twelve triplets, three of them active; four anchors that have both kinds."""
    every: Any = {"margin": 0.2, "reduction": "mean"}
    assert al.batch_all_triplet_loss(ARC, ARC_LABELS, active_only=False, **every) == pytest.approx(0.05, abs=1e-9)
    assert al.batch_all_triplet_loss(ARC, ARC_LABELS, **every) == pytest.approx(0.2, abs=1e-9)
    hard: Any = {"reduction": "mean"}
    assert al.batch_hard_triplet_loss(ARC, ARC_LABELS, margin=0.3, **hard) == pytest.approx(0.225, abs=1e-9)
    assert al.batch_hard_triplet_loss(ARC, ARC_LABELS, margin=None, **hard) == pytest.approx(0.654581, abs=5e-7)


# Pairs ----------------------------------------------------------------------------------------------------------------


def test_contrastive() -> None:
    """Hadsell et al. 2006: half of squares beyond the margins; or the distances beyond them."""
    distances, same = numbers(0.5, 2, 0.25, 3), np.asarray([True, True, False, False])
    found = al.contrastive_loss(distances, same, positive_margin=1, negative_margin=0.75)
    np.testing.assert_array_equal(found, [0, 0.5, 0.125, 0])
    found = al.contrastive_loss(distances, same, positive_margin=1, negative_margin=0.75, squared=False)
    np.testing.assert_array_equal(found, [0, 1, 0.5, 0])
    np.testing.assert_array_equal(al.contrastive_loss(distances, same), [0.125, 2, 0.28125, 0])


@pytest.mark.parametrize(
    ("stretch", "euclidean", "cosines"),
    [
        ((2, 0.5), (1.16236234, 1.16236234), (0.77979238, 0.74634453)),
        ((1, 1), (0.97929102, 0.85687964), (0.79581109, 0.70749720)),
    ],
)
def test_contrastive_of_pml(stretch: Any, euclidean: Any, cosines: Any) -> None:
    """Of squared distances, margins 1/4 and 3/2; of cosines s, margins 3/2 and .6: as distances 2 - s those are 1/2
    and 1.4. Positive and negative pairs are averaged apart: over those above 0, then over all."""
    points = circle_points(0, 20, 40, 60, 80, stretch=stretch)
    same, others = ARC_LABELS[:, None] == ARC_LABELS, ~np.eye(5, dtype=bool)
    squares, angles = al.pairwise_distance(points, squared=True), 2 - al.pairwise_similarity(points)
    for distances, margins, expected in ((squares, (0.25, 1.5), euclidean), (angles, (0.5, 1.4), cosines)):
        options: Any = {"positive_margin": margins[0], "negative_margin": margins[1], "squared": False}
        rows = al.contrastive_loss(distances, same, **options)
        for active, number in zip((rows > 0, rows >= 0), expected):
            total = sum(
                al.contrastive_loss(distances, same, where=kind & others & active, reduction="mean", **options)
                for kind in (same, ~same)
            )
            assert total == pytest.approx(number, abs=5e-9)


def test_circle() -> None:
    """One positive at cosine 1, one negative at 0, margin 1/4, gamma 4: both logits are -4 / 16."""
    points, labels = numbers([1, 0], [2, 0], [0, 3]), np.asarray([5, 5, 7])
    rows = al.circle_loss(points, labels, gamma=4)
    np.testing.assert_allclose(rows, [log1p(exp(-0.5))] * 2 + [0], rtol=1e-13)
    # PML's tests: margin 1/4, gamma 256, the mean over anchors that have both kinds.
    stretched = circle_points(0, 20, 40, 60, 80, stretch=(2, 0.5))
    for points, expected in ((stretched, 213.389086), (ARC, 176.028075)):
        assert al.circle_loss(points, ARC_LABELS, reduction="mean") == pytest.approx(expected, abs=5e-7)


def test_multi_similarity() -> None:
    """Anchor 0 has positives at 1 and .6, negatives at .8 and 0. With epsilon = .1 the easy ones go: 1 lies above
    .8 + .1, 0 below .6 - .1."""
    points = numbers([1, 0, 0], [1, 0, 0], [0.6, 0.8, 0], [0.8, 0, 0.6], [0, 0, 1])
    labels = np.asarray([1, 1, 1, 2, 3])
    options: Any = {"alpha": 2, "beta": 5, "base": 0.5}
    mined = log1p(exp(-2 * 0.1)) / 2 + log1p(exp(5 * 0.3)) / 5
    assert al.multi_similarity_loss(points, labels, **options)[0] == pytest.approx(mined, rel=1e-13)
    everything = log1p(exp(-1) + exp(-0.2)) / 2 + log1p(exp(1.5) + exp(-2.5)) / 5
    found = al.multi_similarity_loss(points, labels, epsilon=None, **options)[0]
    assert found == pytest.approx(everything, rel=1e-13)
    # PML's loss alone mines nothing; it divides by the number of all anchors, and so do we.
    stretched = circle_points(0, 20, 40, 60, 80, stretch=(2, 0.5))
    for points, (alpha, beta), expected in (
        (stretched, (0.1, 40), 5.810982),
        (ARC, (0.1, 40), 5.776221),
        (ARC, (2, 50), 0.543829),
    ):
        options = {"alpha": alpha, "beta": beta, "base": 0.5, "epsilon": None, "reduction": "mean"}
        assert al.multi_similarity_loss(points, ARC_LABELS, **options) == pytest.approx(expected, abs=5e-7)


# Softmax over pairs ---------------------------------------------------------------------------------------------------


def test_info_nce() -> None:
    """Right angles at temperature 1/2: -ln of e^2 over e^2 + 1; a queue of a right angle and an opposite adds to it."""
    queries, keys = numbers([2, 0], [0, 1]), numbers([1, 0], [0, 3])
    rows = al.info_nce_loss(queries, keys, temperature=0.5)
    np.testing.assert_allclose(rows, [log1p(exp(-2))] * 2, rtol=1e-14)
    rows = al.info_nce_loss(queries[:1], keys[:1], negatives=numbers([0, 1], [-1, 0]), temperature=0.5)
    np.testing.assert_allclose(rows, [log1p(exp(-2) + exp(-4))], rtol=1e-14)


OPTAX = numbers([-1.9540, 1.0780], [0.2380, -0.5703], [1.8745, -0.0195], [-0.6719, -1.9210])


@pytest.mark.parametrize(
    ("points", "labels", "temperature", "expected", "digits"),
    [
        # optax losses/_self_supervised_test.py; a row of zeros has cosine 0 with everything.
        (OPTAX, (0, 0, 1, 1), 0.07, 14.01032, 6e-5),
        (OPTAX, (0, 0, 0, 1), 0.07, 8.968544, 6e-5),
        (OPTAX * numbers([0], [1], [1], [1]), (0, 0, 1, 1), 0.07, 9.2889, 1e-4),
        # MONAI tests/losses/test_contrastive_loss.py: two views of one or two samples.
        (numbers([1, 1, 0, 0], [1, 1, 0, 0]), (0, 0), 0.5, 0, 0),
        (np.tile(numbers([1, 1, 0, 0]), (4, 1)), (0, 1, 0, 1), 0.5, 1.0986, 5e-5),
        (numbers([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]), (0, 1, 0, 1), 0.5, 0.8719, 5e-5),
        # PML
        (circle_points(0, 10, 20, 50, 60, 80), (0, 0, 0, 1, 1, 2), 0.1, 0.298143101, 5e-10),
    ],
)
def test_nt_xent(points: Any, labels: Any, temperature: float, expected: float, digits: float) -> None:
    found = al.nt_xent_loss(points, np.asarray(labels), temperature=temperature, reduction="mean")
    assert found == pytest.approx(expected, rel=0, abs=digits)


def test_sup_con_of_pml() -> None:
    """The last label stands alone: 0, and not counted."""
    points, labels = circle_points(0, 10, 20, 50, 60, 80), np.asarray([0, 0, 0, 1, 1, 2])
    rows = [0.743025568, 0.763840325, 0.949156981, 0.562272857, 0.582006495, 0]
    np.testing.assert_allclose(al.sup_con_loss(points, labels), rows, rtol=0, atol=5e-10)
    assert al.sup_con_loss(points, labels, reduction="mean") == pytest.approx(0.720060445, abs=5e-10)


# Margins of angles, centres, proxies ----------------------------------------------------------------------------------

COSINES = numbers([0.8, 0.3, -0.2])


@pytest.mark.parametrize(
    ("name", "knobs", "expected", "digits"),
    [
        ("cosface_logits", {"scale": 64}, 6.7726e-5, 5e-10),
        ("arcface_logits", {"scale": 64}, 6.6043e-4, 5e-9),
        ("cosface_logits", {"scale": 4}, 0.484328791, 5e-10),
        ("arcface_logits", {"scale": 4}, 0.541399423, 5e-10),
        # PML's margin is in degrees, 28.6 of them.
        ("arcface_logits", {"scale": 64, "margin": math.radians(28.6)}, 6.2907e-4, 5e-9),
        ("arcface_logits", {"scale": 4, "margin": math.radians(28.6)}, 0.540128724, 5e-10),
        ("cosface_logits", {"scale": 4, "margin": 0}, 0.142931628, 5e-10),
        ("arcface_logits", {"scale": 4, "margin": 0}, 0.142931628, 5e-10),
    ],
)
def test_margins_of_angles(name: str, knobs: Any, expected: float, digits: float) -> None:
    logits, labels = getattr(al, name), np.asarray([0])
    loss = al.softmax_cross_entropy(logits(COSINES, labels, **knobs), labels)
    np.testing.assert_allclose(loss, [expected], rtol=0, atol=digits)
    outside = logits(COSINES, np.asarray([-1]), **knobs)
    np.testing.assert_allclose(outside, knobs["scale"] * COSINES, rtol=1e-15)


def test_arcface_beyond_the_fold() -> None:
    """cos(acos(.8) + .5) = .414410726; beyond pi - m it goes on as cos - m sin m, and still falls."""
    turned = al.arcface_logits(COSINES, np.asarray([0]), scale=1)
    np.testing.assert_allclose(turned, [[0.414410726, 0.3, -0.2]], rtol=0, atol=5e-10)
    assert turned[0, 0] == pytest.approx(0.8 * cos(0.5) - 0.6 * sin(0.5), rel=1e-14)
    far = al.arcface_logits(numbers([-0.9], [-1]), np.asarray([0, 0]), scale=1)
    np.testing.assert_allclose(far, [[-0.9 - 0.5 * sin(0.5)], [-1 - 0.5 * sin(0.5)]], rtol=1e-14)


def test_center() -> None:
    """(9 + 16)/2; a label that no centre has is not counted."""
    points, centers = numbers([3, 4], [1, 1], [7, 7]), numbers([0, 0], [1, 0])
    labels = np.asarray([0, 1, 2])
    np.testing.assert_array_equal(al.center_loss(points, centers, labels), [12.5, 0.5, 0])
    assert al.center_loss(points, centers, labels, reduction="mean") == 6.5


PROXIES = numbers([5, 0], [0, 1], [-2, 0])


def test_proxy_nca() -> None:
    """Squared distances on the circle 0 (its own), 2 and 4, at scale 3/2."""
    points, labels = numbers([3, 0]), np.asarray([0])
    plain = al.proxy_nca_loss(points, PROXIES, labels, scale=1.5)
    assert plain[0] == pytest.approx(log(exp(-3) + exp(-6)), rel=1e-13)
    whole = al.proxy_nca_loss(points, PROXIES, labels, scale=1.5, include_positive=True)
    assert whole[0] == pytest.approx(log1p(exp(-3) + exp(-6)), rel=1e-13)


def test_proxy_anchor() -> None:
    """Both samples are of class 0, at cosines 1 and 0 from its proxy; of three classes one is present."""
    points, labels = numbers([3, 0], [0, 2]), np.asarray([0, 0])
    near = log1p(exp(-2 * (1 - 0.1)) + exp(-2 * (0 - 0.1)))
    away = log1p(exp(2 * (0 + 0.1)) + exp(2 * (1 + 0.1)))
    opposite = log1p(exp(2 * (-1 + 0.1)) + exp(2 * (0 + 0.1)))
    rows = al.proxy_anchor_loss(points, PROXIES, labels, alpha=2)
    np.testing.assert_allclose(rows, [3 * near, away, opposite], rtol=1e-13)
    mean = al.proxy_anchor_loss(points, PROXIES, labels, alpha=2, reduction="mean")
    assert mean == pytest.approx(near / 1 + (away + opposite) / 3, rel=1e-13)
