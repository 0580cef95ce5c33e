"""The arrays that the calls name."""

from __future__ import annotations

from typing import Any

import numpy as np

from .tables import Input


def _named(description: str, **arrays: Any) -> dict[str, Input]:
    return {name: Input(x if isinstance(x, (int, tuple)) else np.asarray(x), description) for name, x in arrays.items()}


# Pixels: two samples of three classes, one of which is not in the second; none of `few` is of the third class. --------

N, C = 2, 3
SHAPE = (N, C, 12, 13)
RNG = np.random.default_rng(41)
LABELS = RNG.integers(0, C, (N, 12, 13))
LABELS[1] %= 2
PAIR_LABELS = RNG.integers(0, 2, (N, 12, 13))


def one_hot(labels: Any, classes: int = C) -> Any:
    return np.moveaxis(np.eye(classes)[labels], -1, 1)


PIXELS = (
    _named("logits of shape (N, C, height, width)", logits=RNG.normal(size=SHAPE) * 2)
    | _named("probabilities of shape (N, C, height, width), each by itself", probs=RNG.uniform(0.02, 0.98, SHAPE))
    | _named("targets of shape (N, C, height, width) between 0 and 1", soft=RNG.uniform(size=SHAPE))
    | _named("classes of shape (N, height, width)", labels=LABELS)
    | _named("classes as 0 and 1, of shape (N, C, height, width)", targets=one_hot(LABELS))
    | _named("classes of shape (N, height, width), none of them the last", few=LABELS % 2)
    | _named(
        "classes of shape (N, height, width), some of them 255",
        ignored=np.where(RNG.uniform(size=LABELS.shape) < 0.2, 255, LABELS),
    )
    | _named(
        "whole numbers 0 and 1 of shape (N, C, height, width), one for each pixel",
        truth=one_hot(LABELS).astype(np.int64),
        guess=one_hot(RNG.permuted(LABELS, axis=1)).astype(np.int64),
    )
    | _named(
        "whole numbers 0 and 1 of shape (N, C, height, width)", hard=(RNG.uniform(size=SHAPE) < 0.5).astype(np.int64)
    )
    | _named("True for 8 of 10 pixels", mask=RNG.uniform(size=LABELS.shape) < 0.8)
    | _named("[0, 1, 1]", foreground=[0.0, 1.0, 1.0])
    | _named("[0.5, 2, 1], one for each class", weights=[0.5, 2.0, 1.0])
    | _named("of shape (N, C), 1 over the number of the sample's classes", shares=[[1 / 3] * 3, [1 / 2, 1 / 2, 0]])
    | _named("logits of two classes", pair=RNG.normal(size=(N, 2, 12, 13)))
    | _named("classes 0 and 1", pair_labels=PAIR_LABELS)
    | _named("two classes as 0 and 1, in axis 1", pair_targets=one_hot(PAIR_LABELS, 2))
    | _named("zeros of shape (N, C, height, width)", nothing=np.zeros(SHAPE))
    | _named("the numbers of samples and classes", N=N, C=C)
)

# Embeddings -----------------------------------------------------------------------------------------------------------

G, D = 4, 6
RNG = np.random.default_rng(42)
GROUPS = np.asarray([0, 0, 1, 1, 1, 2, 2, 2, 3])
EMBEDDINGS = (
    _named("embeddings of shape (B, D)", embeddings=RNG.normal(size=(9, D)) + np.eye(D)[GROUPS] * 1.5)
    | _named("a label for each embedding, one of them without a pair", groups=GROUPS)
    | _named("True for pairs with equal labels, of shape (B, B)", same=GROUPS[:, None] == GROUPS)
    | _named("True but on the diagonal, of shape (B, B)", others=~np.eye(9, dtype=np.bool_))
    | _named("one vector for each of the G labels", proxies=RNG.normal(size=(G, D)))
    | _named(
        "embeddings of shape (M, D)",
        anchors=RNG.normal(size=(5, D)),
        positives=RNG.normal(size=(5, D)),
        negatives=RNG.normal(size=(5, D)),
    )
    | _named("labels without a pair", lonely=np.arange(9))
    | _named("0 to M - 1, twice", views=np.arange(10) % 5)
    | _named("the numbers of labels and coordinates", G=G, D=D)
)

# Boxes: no two edges coincide; the third pair is apart, the last one nested. ------------------------------------------

RNG = np.random.default_rng(43)
PRED = np.asarray(
    [
        [10, 12, 58, 40],
        [100, 40, 130, 110],
        [20.5, 30, 90, 55],
        [5, 6, 25, 95],
        [200, 150, 260, 180],
        [60, 60, 120, 99],
    ],
    dtype=np.float64,
)
TARGET = np.asarray(
    [
        [14, 10, 50, 44],
        [95, 52, 128, 100],
        [150, 90, 170, 140],
        [1, 9, 30, 80],
        [205, 140, 300, 200],
        [70, 66, 100, 90],
    ],
    dtype=np.float64,
)
BOXES = (
    _named("boxes (x1, y1, x2, y2) in pixels", pred=PRED, target=TARGET)
    | _named("boxes, of another number", many=TARGET[:4] + 3.25)
    | _named("three masks of pixels", masks=RNG.uniform(size=(3, 9, 11)) < 0.1)
    | _named("twelve scores", ranks=0.95 - 0.07 * np.arange(12))
    | _named("a factor for each box", factors=[0.5, 2.0, 1.0, 0.0, 1.5, 0.7])
    | _named("a box without area", point=[[30.0, 40.0, 30.0, 40.0]])
)
TURNED = np.asarray([[50, 50, 40, 10, 0.5], [20, 30, 30, 12, -0.3], [80, 40, 25, 24, 1.1], [10, 12, 9, 7, 0.2]])
TURNED_TARGET = np.asarray([[52, 49, 36, 12, 0.8], [24, 28, 26, 15, 0.1], [83, 44, 30, 18, 0.7], [40, 60, 16, 8, -0.5]])


def _corners(boxes: Any) -> Any:
    cx, cy, w, h, angle = boxes.T[:, :, None] / np.asarray([1, 1, 2, 2, 1])[:, None, None]
    x, y = w * np.asarray([-1, 1, 1, -1]), h * np.asarray([-1, -1, 1, 1])
    return np.stack((cx + x * np.cos(angle) - y * np.sin(angle), cy + x * np.sin(angle) + y * np.cos(angle)), -1)


ROTATED = (
    _named("boxes (cx, cy, w, h, angle in radians), in pixels", pred=TURNED, target=TURNED_TARGET)
    | _named("four corners of rotated boxes", corners=_corners(TURNED))
    | _named("[1, 1, 1, 1, -180 / pi]", degrees=[1, 1, 1, 1, -180 / np.pi])
)

# Rows of classes ------------------------------------------------------------------------------------------------------

R, K = 7, 5
RNG = np.random.default_rng(44)
CLASSES = np.asarray([0, 3, 1, 1, 4, 2, 3])
HOT = np.eye(K)[CLASSES]
SCORES = RNG.normal(size=(R, K)) * 2


def _softmax(x: Any) -> Any:
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


ROWS = (
    _named("logits of R rows and K classes", scores=SCORES)
    | _named("a class for each row", classes=CLASSES)
    | _named("classes as 0 and 1, of shape (R, K)", hot=HOT)
    | _named("targets of shape (R, K) between 0 and 1", soft=RNG.uniform(size=(R, K)))
    | _named(
        "0, but for the right class a number in (0, 1), of shape (R, K)", quality=HOT * RNG.uniform(0.2, 0.9, (R, K))
    )
    | _named(
        "numbers in [0, 1], of shape (R, K), for the right class 1", peaks=np.maximum(HOT, RNG.uniform(0, 0.9, (R, K)))
    )
    | _named(
        "probabilities of R rows and K classes", chances=_softmax(SCORES), wanted=_softmax(RNG.normal(size=(R, K)))
    )
    | _named("probabilities of shape (R, K), each by itself", probs=RNG.uniform(0.02, 0.98, (R, K)))
    | _named("-1 and 1, of shape (R, K)", signs=2.0 * HOT - 1.0)
    | _named("a class for each row, two of them -100", ignored=np.where(np.arange(R) % 4 == 1, -100, CLASSES))
    | _named("[1, 1, 1, 1, 0]", known=[1.0, 1.0, 1.0, 1.0, 0.0])
    | _named("ones of shape (R, K)", ones=np.ones((R, K)))
    | _named("-100 for each row", unlabeled=np.full(R, -100))
    | _named("a number for each class", weights=RNG.uniform(0.5, 2.0, K))
    | _named("large logits of the wrong class", sure=np.where(HOT > 0, -60.0, 60.0))
    | _named("the numbers of rows and classes", R=R, K=K)
)

# Numbers --------------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(45)
NUMBERS = (
    _named(
        "numbers of shape (8, 4), 0.01 to 30 apart",
        x=RNG.normal(size=(8, 4)) * np.geomspace(0.03, 10, 8)[:, None],
        y=RNG.normal(size=(8, 4)) * np.geomspace(0.03, 10, 8)[:, None],
    )
    | _named("ones of shape (8, 4)", ones=np.ones((8, 4)))
    | _named("factors of shape (8, 4)", factors=RNG.uniform(0.5, 2.0, (8, 4)))
)

RNG = np.random.default_rng(46)
KEYPOINTS = (
    _named("predicted keypoints (x, y) of 4 objects", found=RNG.uniform(0, 60, (4, 5, 2)))
    | _named("keypoints as they should be", wanted=RNG.uniform(0, 60, (4, 5, 2)))
    | _named("True for keypoints to look at", visible=np.arange(20).reshape(4, 5) % 3 > 0)
    | _named("True for keypoints to look at, none of the first object", hidden=np.arange(20).reshape(4, 5) > 5)
    | _named("the objects' areas", areas=[900.0, 1600.0, 450.0, 2500.0])
    | _named("a number for each keypoint", sigmas=[0.2, 0.3, 0.1, 0.4, 0.25])
)

RNG = np.random.default_rng(47)
BINS = (
    _named("logits of 16 bins, for 6 x 4 sides", logits=RNG.normal(size=(24, 16)))
    | _named("distances in bins", distances=RNG.uniform(0.1, 14.8, 24))
    | _named("distances in bins, the last of them beyond the last bin", far=np.append(RNG.uniform(0.1, 14.8, 23), 17.0))
)

# Detectors: images of 128 x 128 pixels, four classes, up to four objects; heads that half know them. -----------------

B, SIDE, STRIDES = 2, 128, (8, 16, 32)
DRAW = np.random.default_rng(7)
GRIDS = [SIDE // stride for stride in STRIDES]
CENTRES = np.concatenate(
    [s * (np.stack(np.meshgrid(np.arange(SIDE // s), np.arange(SIDE // s)), -1).reshape(-1, 2) + 0.5) for s in STRIDES]
)
STEPS = np.repeat(np.asarray(STRIDES, dtype=np.float64), [grid**2 for grid in GRIDS])
MASK = np.asarray([[True, True, True, False], [True, True, False, False]])
OBJECTS = MASK[..., None] * np.asarray([
    [[10.5, 20.25, 50.75, 90.5], [60.25, 8.5, 120.5, 60.75], [30.5, 80.75, 110.25, 125.5], [0, 0, 0, 0]],
    [[5.25, 5.75, 100.5, 110.25], [90.75, 70.5, 121.25, 99.5], [0, 0, 0, 0], [0, 0, 0, 0]]])  # fmt: skip
KINDS = np.asarray([[1, 3, 0, 0], [2, 2, 0, 0]])


def _head() -> tuple[Any, Any, Any, Any]:
    """Distances in strides to the sides of the first object around each point, and logits of its class, with noise."""
    low, high = CENTRES[:, None] - OBJECTS[:, None, :, :2], OBJECTS[:, None, :, 2:] - CENTRES[:, None]
    distances = np.concatenate((low, high), axis=-1)
    inside = (distances.min(axis=-1) > 0) & MASK[:, None, :]
    first, hit = inside.argmax(axis=-1), inside.any(axis=-1)
    near = np.take_along_axis(distances, first[..., None, None], axis=2)[:, :, 0] / STEPS[:, None]
    near = np.clip(near + DRAW.normal(0, 0.5, near.shape), 0.1, 14.9)
    peaks = np.maximum(0, 5 - 2.5 * np.abs(np.arange(16) - near[..., None])) * hit[..., None, None]
    box_logits = (DRAW.normal(0, 0.5, peaks.shape) + peaks).reshape(B, -1, 64)
    sure = np.arange(4) == np.take_along_axis(KINDS, first, axis=1)[..., None]
    class_logits = DRAW.normal(-3, 1, sure.shape) + 4.0 * (sure & hit[..., None])
    reach = near * STEPS[:, None]
    boxes = np.concatenate((CENTRES - reach[..., :2], CENTRES + reach[..., 2:]), axis=-1)
    return box_logits, class_logits, near, boxes


BOX_LOGITS, CLASS_LOGITS, NEAR, PRED_BOXES = _head()
HALVES = 2.0 * STEPS[:, None]
RELATIVE = np.concatenate((OBJECTS[..., :2] + OBJECTS[..., 2:], 2 * (OBJECTS[..., 2:] - OBJECTS[..., :2])), -1) / 256
QUERIES = np.concatenate((RELATIVE, RELATIVE[:, ::-1], RELATIVE), axis=1)
QUERIES = np.clip(np.where(QUERIES > 0, QUERIES, 0.4) + DRAW.normal(0, 0.05, QUERIES.shape), 0.05, 0.95)

SCENE = (
    _named("logits of A points and 4 classes for each of B images", class_logits=CLASS_LOGITS)
    | _named("logits of shape (B, A, 4 * 16)", box_logits=BOX_LOGITS)
    | _named("distances in strides, of shape (B, A, 4)", distances=NEAR)
    | _named("boxes (x1, y1, x2, y2) of shape (B, A, 4)", pred_boxes=PRED_BOXES)
    | _named("probabilities of shape (B, A, 4)", scores=1 / (1 + np.exp(-CLASS_LOGITS)))
    | _named("encoded boxes of shape (B, A, 4)", box_deltas=DRAW.normal(0, 0.4, (*CLASS_LOGITS.shape[:2], 4)))
    | _named("logits of shape (B, A)", centerness=DRAW.normal(size=CLASS_LOGITS.shape[:2]))
    | _named("classes of G padded objects, of shape (B, G)", labels=KINDS)
    | _named("boxes of the objects, of shape (B, G, 4)", boxes=OBJECTS)
    | _named("which of the objects are there, of shape (B, G)", mask=MASK)
    | _named("centres of the A cells of three levels, in pixels", points=CENTRES)
    | _named("strides of the cells, of shape (A,)", strides=STEPS)
    | _named(
        "squares of 4 strides around the centres", anchors=np.concatenate((CENTRES - HALVES, CENTRES + HALVES), -1)
    )
    | _named(
        "squares of 1 stride around the centres",
        cells=np.concatenate((CENTRES - STEPS[:, None] / 2, CENTRES + STEPS[:, None] / 2), -1),
    )
    | _named("logits of shape (B, Q, 4), of Q queries", query_logits=DRAW.normal(size=(B, 12, 4)))
    | _named("boxes (cx, cy, w, h) in 0 to 1, of shape (B, Q, 4)", query_boxes=QUERIES)
    | _named("boxes (cx, cy, w, h) of the objects in 0 to 1", relative=RELATIVE)
    | _named("angles in radians, of shape (B, A)", angles=DRAW.uniform(-0.7, 0.7, CLASS_LOGITS.shape[:2]))
    | _named(
        "boxes (cx, cy, w, h, angle) of the objects",
        rotated=np.concatenate((RELATIVE * SIDE, DRAW.uniform(-0.7, 0.7, (B, 4, 1)) * MASK[..., None]), axis=-1),
    )
    | _named("coefficients of 7 masks, of shape (B, A, 7)", coefficients=DRAW.normal(size=(*CLASS_LOGITS.shape[:2], 7)))
    | _named("7 masks for each image, of shape (B, 7, 32, 32)", prototypes=DRAW.normal(size=(B, 7, 32, 32)))
    | _named("masks of the objects, of shape (B, G, 32, 32)", masks=DRAW.random((B, 4, 32, 32)) < 0.5)
    | _named(
        "five keypoints of three numbers, of shape (B, A, 5, 3)",
        pose_outputs=DRAW.normal(size=(*CLASS_LOGITS.shape[:2], 5, 3)),
    )
    | _named("keypoints of the objects, of shape (B, G, 5, 2)", keypoints=DRAW.uniform(0, SIDE, (B, 4, 5, 2)))
    | _named("True for keypoints that are labelled, of shape (B, G, 5)", visible=DRAW.random((B, 4, 5)) < 0.7)
    | _named("costs of shape (12, 3)", costs=DRAW.normal(size=(12, 3)))
    | _named("the numbers of images and of cells in a level", B=B, level_sizes=tuple(grid**2 for grid in GRIDS))
)
