"""Values of knobs that each function refuses, and in which words."""

from __future__ import annotations

from typing import Any

Refused = tuple[dict[str, Any], type[Exception], str]


def number(name: str) -> Refused:
    return {name: "half"}, TypeError, f"{name} must be a Python number; got str"


def at_least_0(name: str) -> Refused:
    return {name: -1}, ValueError, f"{name} must be at least 0; got -1"


def positive(name: str) -> Refused:
    return {name: 0}, ValueError, f"{name} must be greater than 0; got 0"


def fraction(name: str) -> Refused:
    return {name: 2}, ValueError, f"{name} must be between 0 and 1; got 2"


def one_of(name: str, *allowed: str) -> Refused:
    return {name: "cubic"}, ValueError, f"{name} must be one of {', '.join(map(repr, allowed))}; got 'cubic'"


ABSENT = one_of("absent", "keep", "skip")
OVERLAP = (ABSENT, at_least_0("smooth"), at_least_0("smooth_denominator"), one_of("intersection", "product", "minimum"))
SQUARED: tuple[Refused, ...] = (
    (
        {"squared": True, "intersection": "minimum"},
        ValueError,
        "intersection must be 'product' with squared=True; got 'minimum'",
    ),
)
INDEX: Refused = {"ignore_index": 1.5}, TypeError, "ignore_index must be an int or None; got float"

FORMATS = ("xyxy", "xywh", "cxcywh", "yxyx")
RELATIVE = tuple(f"rel_{name}" for name in FORMATS)
WEIGHTS: tuple[Refused, ...] = (
    ({"weights": 1.0}, TypeError, "weights must be a tuple of 4 numbers; got float"),
    ({"weights": (1.0, 2.0)}, ValueError, "weights must be 4 numbers; got 2"),
    ({"weights": (1.0, 1.0, 1.0, 0)}, ValueError, "weights must be greater than 0; got 0"),
    ({"weights": (1.0, 1.0, 1.0, "half")}, TypeError, "weights must be a Python number; got str"),
)
SIGMAS: tuple[Refused, ...] = (
    ({"sigmas": 0.5}, TypeError, "sigmas must be a tuple of 3 numbers; got float"),
    ({"sigmas": (0.5, 0.25)}, ValueError, "sigmas must be 3 numbers; got 2"),
    ({"sigmas": (0.5, 0.25, 0)}, ValueError, "sigmas must be greater than 0; got 0"),
)

MEMBERS = ("iou", "giou", "diou", "ciou", "eiou", "siou")
PROCESSED: tuple[Refused, ...] = (
    one_of("transform", "none", "sqrt", "log1p"),
    at_least_0("tau"),
    number("tau"),
    ({"tau": 0.5}, ValueError, "tau must be 0 or at least 1; got 0.5"),
)


def version(*known: int) -> Refused:
    return {"version": 4}, ValueError, f"version must be one of {', '.join(map(str, known))}; got 4"


KNOBS: dict[str, tuple[Refused, ...]] = {
    "iou_loss": (one_of("form", "linear", "log", "square"),),
    "ciou": (fraction("gate"),),
    "ciou_loss": (fraction("gate"),),
    "focal_eiou_loss": (at_least_0("gamma"), number("gamma")),
    "cdiou_loss": (one_of("base", "iou", "giou", "diou", "ciou"),),
    "siou_loss": (
        ({"theta": 0.5}, ValueError, "theta must be at least 1; got 0.5"),
        number("theta"),
    ),
    "alpha_iou_loss": (positive("alpha"), number("alpha"), one_of("base", *MEMBERS[:4])),
    "wise_iou_loss": (
        version(1, 2, 3),
        fraction("momentum"),
        at_least_0("gamma"),
        positive("alpha"),
        positive("delta"),
    ),
    "mpdiou_loss": (
        ({"image_size": 640}, TypeError, "image_size must be (height, width); got 640"),
        ({"image_size": (640,)}, TypeError, "image_size must be (height, width); got (640,)"),
        ({"image_size": (640, 0)}, ValueError, "image_size must be greater than 0; got 0"),
        ({"image_size": ("high", 1)}, TypeError, "image_size must be a Python number; got str"),
    ),
    "inner_iou_loss": (positive("ratio"), number("ratio"), one_of("base", *MEMBERS)),
    "focaler_iou_loss": (
        fraction("low"),
        fraction("high"),
        ({"low": 0.5, "high": 0.5}, ValueError, "high must be greater than low; got 0.5 and 0.5"),
        positive("ratio"),
        one_of("base", *MEMBERS),
    ),
    "shape_iou_loss": (at_least_0("scale"), number("scale")),
    "powerful_iou_loss": (version(1, 2), positive("lam")),
    "nwd_loss": (positive("constant"), number("constant")),
    "bounded_iou_loss": (positive("beta"), number("beta")),
    "extended_iou_loss": (positive("smooth_point"), number("smooth_point")),
    "unified_iou_loss": (positive("ratio"), one_of("base", *MEMBERS)),
    "probiou_loss": (one_of("form", "l1", "l2"),),
    "bcd_loss": PROCESSED,
    "gwd_loss": PROCESSED,
    "kld_loss": (*PROCESSED, one_of("direction", "target_pred", "pred_target", "jeffreys")),
    "kfiou_loss": (one_of("form", "linear", "log", "exp"),),
    "rotated_iou_loss": (one_of("form", "linear", "log", "square"),),
    "oks": SIGMAS,
    "oks_loss": SIGMAS,
    "box_area": (one_of("format", *FORMATS, *RELATIVE, "cxcywhr", "xyxyxyxy"),),
    "clip_boxes": (
        one_of("format", *FORMATS, *RELATIVE),
        (
            {"image_size": 640},
            TypeError,
            "image_size must be (height, width) or an array of shape (..., 2); got int",
        ),
        ({"image_size": (640,)}, ValueError, "image_size must be (height, width); got 1 numbers"),
        ({"image_size": (640, 0)}, ValueError, "image_size must be greater than 0; got 0"),
    ),
    "encode_deltas": WEIGHTS,
    "decode_deltas": (*WEIGHTS, number("max_log_ratio")),
    "boxes_to_distances": (positive("limit"), number("limit")),
    "smooth_l1_loss": (at_least_0("beta"), number("beta")),
    "huber_loss": (positive("delta"),),
    "charbonnier_loss": (at_least_0("epsilon"),),
    "balanced_l1_loss": (positive("alpha"), positive("gamma"), positive("beta")),
    "focal_l1_loss": (
        ({"beta": 0.25}, ValueError, "beta must be between 0.367879 and 1; got 0.25"),
        number("beta"),
    ),
    "wing_loss": (positive("width"), positive("epsilon")),
    "sigmoid_binary_cross_entropy": (at_least_0("pos_weight"), fraction("label_smoothing"), number("label_smoothing")),
    "sigmoid_focal_loss": (fraction("alpha"), at_least_0("gamma"), number("gamma")),
    "quality_focal_loss": (at_least_0("beta"),),
    "varifocal_loss": (at_least_0("alpha"), at_least_0("gamma")),
    "gaussian_focal_loss": (at_least_0("alpha"), at_least_0("beta")),
    "asymmetric_loss": (at_least_0("gamma_positive"), at_least_0("gamma_negative")),
    "ghm_classification_loss": (
        fraction("momentum"),
        ({"bins": 0}, ValueError, "bins must be at least 1; got 0"),
        ({"bins": 2.0}, TypeError, "bins must be an int; got float"),
    ),
    "ghm_regression_loss": (fraction("momentum"), positive("mu")),
    "equalization_loss_v2": (number("gamma"), at_least_0("alpha")),
    "seesaw_loss": (at_least_0("p"), at_least_0("q"), fraction("score_floor")),
    "softmax_cross_entropy": (fraction("label_smoothing"),),
    "softmax_focal_loss": (at_least_0("gamma"),),
    "generalized_cross_entropy": (fraction("q"),),
    "multiclass_hinge_loss": (one_of("form", "max", "sum"),),
    "bi_tempered_loss": (fraction("t1"), number("t2"), fraction("label_smoothing")),
    "dice_loss": (*OVERLAP, *SQUARED),
    "jaccard_loss": (*OVERLAP, *SQUARED),
    "tversky_loss": (*OVERLAP, at_least_0("fp_weight"), at_least_0("fn_weight")),
    "focal_tversky_loss": (*OVERLAP, positive("power"), at_least_0("fn_weight")),
    "generalized_dice_loss": (*OVERLAP[:-1], one_of("class_weighting", "square", "simple", "uniform")),
    "mcc_loss": (ABSENT,),
    "sigmoid_dice_loss": (*OVERLAP, *SQUARED),
    "softmax_dice_loss": (*OVERLAP, *SQUARED, INDEX),
    "dice_cross_entropy_loss": (
        *OVERLAP[:-1],
        at_least_0("dice_weight"),
        at_least_0("cross_entropy_weight"),
        fraction("label_smoothing"),
    ),
    "dice_focal_loss": (*OVERLAP[:-1], at_least_0("dice_weight"), at_least_0("focal_weight"), at_least_0("gamma")),
    "combo_loss": (*OVERLAP[:-1], fraction("alpha"), fraction("beta")),
    "unified_focal_loss": (
        fraction("focal_share"),
        fraction("delta"),
        fraction("gamma"),
        ({"gamma": 1.0}, ValueError, "gamma must be less than 1; got 1.0"),
        ({"background": 3}, ValueError, "background must be between 0 and 2; got 3"),
        ({"background": 1.0}, TypeError, "background must be an int; got float"),
        at_least_0("smooth"),
        INDEX,
    ),
    "lovasz_hinge_loss": (ABSENT,),
    "lovasz_softmax_loss": (one_of("classes", "present", "all"), INDEX),
    "top_k_cross_entropy": (
        positive("fraction"),
        number("fraction"),
        ({"fraction": 1.5}, ValueError, "fraction must be at most 1; got 1.5"),
        fraction("label_smoothing"),
        INDEX,
    ),
    "hausdorff_dt_loss": (at_least_0("alpha"), number("alpha")),
    "cl_dice_loss": (
        at_least_0("iterations"),
        ({"iterations": 2.0}, TypeError, "iterations must be an int; got float"),
        at_least_0("smooth"),
        ({"batch_axes": (0, 1)}, ValueError, "probs must have 2 or 3 region axes; got shape (8, 4, 5) with 1"),
    ),
    "ssim_loss": (
        positive("data_range"),
        positive("sigma"),
        positive("k1"),
        positive("k2"),
        ({"window_size": 0}, ValueError, "window_size must be at least 1; got 0"),
        ({"window_size": 6}, ValueError, "window_size must be at most the smallest region axis, 4; got 6"),
        ({"window_size": 3.0}, TypeError, "window_size must be an int; got float"),
        ({"batch_axes": (0, 1)}, ValueError, "pred must have 2 or 3 region axes; got shape (8, 4, 5) with 1"),
    ),
    "embedding_hinge_loss": (at_least_0("margin"), number("margin")),
    "spatial_embedding_loss": (
        one_of("center", "embedding", "coordinates"),
        at_least_0("foreground_weight"),
        at_least_0("instance_weight"),
        at_least_0("variance_weight"),
        at_least_0("seed_weight"),
    ),
    "triplet_loss": (at_least_0("margin"), number("margin")),
    "mined_triplet_loss": (at_least_0("margin"), number("margin")),
    "batch_hard_triplet_loss": (at_least_0("margin"), number("margin")),
    "batch_all_triplet_loss": (at_least_0("margin"), number("margin")),
    "semi_hard_triplet_loss": (at_least_0("margin"), number("margin")),
    "contrastive_loss": (at_least_0("positive_margin"), at_least_0("negative_margin"), number("negative_margin")),
    "info_nce_loss": (positive("temperature"), number("temperature")),
    "nt_xent_loss": (positive("temperature"),),
    "sup_con_loss": (positive("temperature"),),
    "circle_loss": (at_least_0("margin"), positive("gamma"), number("gamma")),
    "multi_similarity_loss": (positive("alpha"), positive("beta"), number("base"), at_least_0("epsilon")),
    "arcface_logits": (at_least_0("margin"), number("margin"), positive("scale")),
    "cosface_logits": (at_least_0("margin"), positive("scale")),
    "proxy_nca_loss": (positive("scale"), number("scale")),
    "proxy_anchor_loss": (at_least_0("margin"), positive("alpha")),
}
