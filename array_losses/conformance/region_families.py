"""Families whose rows own many numbers along several axes: regions, samples of classes, images, instances.

The functions are told which axis is that of the classes, counted from the end, and that all leading axes stay apart.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .families import Family, Layout
from .inputs import Argument, instances, regions, segmentation, structure
from .inputs.classes import CLASS_WEIGHTS
from .inputs.regions import MASK
from .inputs.rows import nested


def _family(
    name: str, given: tuple[Argument, ...], edges: Any, ordinary: Any, whole: tuple[Any, ...], apart: bool = False
) -> Family:
    layout = Layout(-3 if given[0].axes == 3 else None, apart, pooled=not any(a.name == "coordinates" for a in given))
    return Family(name, given, edges, ordinary, nested(whole), layout=layout, has_axis=False)


# Regions, alone and as classes ----------------------------------------------------------------------------------------


def _regions(tried: str, *names: str, classes: bool = False, mask: bool = False) -> Family:
    given = (*(Argument(name, axes=3 if classes else 2) for name in names), *([MASK] if mask else []))
    words = ["classes" if classes else "regions", *(["mask"] if mask else [])]
    return _family(
        f"{', '.join(words)}: {tried}",
        given,
        partial(regions.edges, tried, given),
        partial(regions.ordinary, tried, given),
        regions.whole(tried, given),
        classes,
    )


REGIONS = _regions("overlaps", "probs", "targets")
MASKED_REGIONS = _regions("overlaps", "probs", "targets", mask=True)
CLASSES = _regions("overlaps", "probs", "targets", classes=True)
MASKED_CLASSES = _regions("overlaps", "probs", "targets", classes=True, mask=True)
LOGIT_REGIONS = _regions("logits", "logits", "targets")
MASKED_LOGIT_REGIONS = _regions("logits", "logits", "targets", mask=True)
LOGIT_CLASSES = _regions("logits", "logits", "targets", classes=True)
DISTANCES = _regions("distances", "probs", "distance_map", classes=True)
MASKED_DISTANCES = _regions("distances", "probs", "distance_map", mask=True)
_PAIR = ("probs", "targets", "pred_distance", "target_distance")
DISTANCE_PAIRS = _regions("pairs of distances", *_PAIR, classes=True)
MASKED_DISTANCE_PAIRS = _regions("pairs of distances", *_PAIR, mask=True)


def _constant_targets(family: Family) -> Family:
    """The same for functions without a gradient along their targets."""
    given = tuple(a._replace(role="constant") if a.name == "targets" else a for a in family.arguments)
    return family._replace(
        arguments=given,
        edges=partial(regions.edges, "logits", given),
        ordinary=partial(regions.ordinary, "logits", given),
    )


HINGES = _constant_targets(LOGIT_CLASSES)
MASKED_HINGES = _constant_targets(MASKED_LOGIT_REGIONS)


# Classes in each pixel, with labels -----------------------------------------------------------------------------------


def _labelled(*further: Argument, soft: bool = False, mild: bool = False) -> Family:
    labels = segmentation.PROBABILITIES if soft else segmentation.INDICES
    given = (segmentation.LOGITS, labels, *further)
    words = ["class probabilities" if soft else "class indices", *(argument.name for argument in further)]
    return _family(
        f"pixels: {', '.join(words)}",
        given,
        partial(segmentation.edges, given, mild),
        partial(segmentation.ordinary, given),
        segmentation.whole(given),
    )


INDICES = _labelled()
MASKED_INDICES = _labelled(MASK)
PROBABILITIES = _labelled(soft=True)
WEIGHTED_INDICES = _labelled(MASK, CLASS_WEIGHTS)
WEIGHTED_PROBABILITIES = _labelled(MASK, CLASS_WEIGHTS, soft=True)
MILD_INDICES = _labelled(mild=True)
MASKED_MILD_INDICES = _labelled(MASK, mild=True)
MASKED_MILD_PROBABILITIES = _labelled(MASK, soft=True, mild=True)


# Images ---------------------------------------------------------------------------------------------------------------


def _images(
    tried: str, shape: tuple[int, ...], *names: str, mask: bool = False, roles: tuple[str, str] = ("real", "real")
) -> Family:
    rank = len(shape)
    given = tuple(Argument(name, axes=rank, role=role) for name, role in zip(names, roles, strict=True))
    if mask:
        given = (*given, MASK._replace(axes=rank))
    words = f"{' x '.join(map(str, shape))}{', mask' if mask else ''}"
    numbers = (structure.whole(shape),) * (3 if mask else 2)
    return Family(
        f"{tried}, {words}",
        given,
        partial(structure.edges, tried, shape, given),
        partial(structure.ordinary, tried, shape, given),
        nested(numbers),
        one_scale=tried == "pictures",
        layout=Layout(None),
        has_axis=False,
    )


STROKES = _images("strokes", structure.FLAT, "probs", "targets")
MASKED_STROKES = _images("strokes", structure.FLAT, "probs", "targets", mask=True)
DEEP_STROKES = _images("strokes", structure.DEEP, "probs", "targets")
CERTAIN_STROKES = _images("certain", structure.FLAT, "probs", "targets", roles=("constant", "constant"))
PICTURES = _images("pictures", structure.FLAT, "pred", "target")
LARGE_PICTURES = _images("pictures", structure.LARGE, "pred", "target")
DEEP_PICTURES = _images("pictures", structure.DEEP, "pred", "target")


# Instances ------------------------------------------------------------------------------------------------------------

EMBEDDINGS = _family(
    "embeddings of instances", instances.HINGE, instances.hinge, instances.ordinary_hinge, instances.WHOLE_HINGE
)
OFFSETS = _family(
    "offsets, sizes and seeds of instances",
    instances.SPATIAL,
    partial(instances.spatial, 1),
    partial(instances.ordinary_spatial, 1),
    instances.WHOLE_SPATIAL,
)
OFFSETS_BY_AXIS = OFFSETS._replace(
    name="offsets, sizes along two axes and seeds of instances",
    edges=partial(instances.spatial, 2),
    ordinary=partial(instances.ordinary_spatial, 2),
    whole=(),
)
