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


KNOBS: dict[str, tuple[Refused, ...]] = {
    "iou_loss": (one_of("form", "linear", "log", "square"),),
    "ciou": (fraction("gate"),),
    "ciou_loss": (fraction("gate"),),
    "focal_eiou_loss": (at_least_0("gamma"), number("gamma")),
    "cdiou_loss": (one_of("base", "iou", "giou", "diou", "ciou"),),
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
}
