"""In losses of regions, of segmentations with their labels, of images and of instances."""

from __future__ import annotations

from .fault import Fault

SUMS = "measures/regions.py"
SHARED = "losses/_regions.py"
LABELLED = "losses/segmentation.py"
LOVASZ = "measures/lovasz.py"
HARDEST = "measures/hardest.py"
IMAGES = "measures/images.py"
INSTANCES = "losses/instances.py"

FAULTS = (
    Fault(
        "false positives weighted as misses, misses as false positives",
        SUMS,
        "wrong = a * fp + b * fn",
        "wrong = b * fp + a * fn",
        ("tversky_loss", "focal_tversky_loss"),
    ),
    Fault(
        "a mask on the prediction, none on the target",
        SUMS,
        "xp.where(inside, x, zero) for x in (p, t, missing, rate)]",
        "xp.where(inside, x, zero) if x is p else x for x in (p, t, missing, rate)]",
        ("dice_loss", "jaccard_loss", "generalized_dice_loss"),
    ),
    Fault(
        "1 - p by that difference",
        SUMS,
        "        if missing is None:\n            missing = xp.subtract(1.0, p, out",
        "        missing = xp.subtract(1.0, p, out",
        ("sigmoid_dice_loss",),
    ),
    Fault(
        "plain sums where squares are asked for",
        "losses/regions.py",
        'return "squared" if squared else intersection',
        "return intersection",
        ("dice_loss", "jaccard_loss", "sigmoid_dice_loss"),
    ),
    Fault(
        "all of a tie's slope to the target",
        SUMS,
        "side = 0.5 * xp.sign(p - t)",
        "side = xp.where(p > t, 0.5 * xp.ones_like(p), -0.5 * xp.ones_like(p))",
        ("dice_loss", "jaccard_loss"),
    ),
    Fault(
        "smoothing of the denominator alone",
        SUMS,
        "wrong, found = wrong + (smooth_denominator - smooth), found + smooth",
        "wrong, found = wrong + smooth_denominator, found",
        ("dice_loss", "tversky_loss"),
    ),
    Fault(
        "nothing there and nothing found divided by 0",
        SUMS,
        "whole = whole + smooth_denominator\n    empty = whole == 0.0",
        "whole = whole + smooth_denominator\n    empty = whole != whole",
        ("dice_loss", "jaccard_loss"),
    ),
    Fault(
        "a focal loss without its power",
        "losses/regions.py",
        "return power(region.xp, rows, exponent), region.present",
        "return rows, region.present",
        ("focal_tversky_loss",),
    ),
    Fault(
        "classes weighted by 1/T, not by 1/T^2",
        SUMS,
        "weight = relative * relative if weighting == 2.0 else relative",
        "weight = relative",
        ("generalized_dice_loss",),
    ),
    Fault(
        "absent classes without weight that are not to be skipped",
        SUMS,
        'kept if absent == "keep" else zero',
        "zero",
        ("generalized_dice_loss",),
    ),
    Fault(
        "a correlation over the prediction's spread alone",
        SUMS,
        "square = (whole_p * rest_p) * (whole_t * rest_t)",
        "square = (whole_p * rest_p) * (whole_p * rest_p)",
        ("mcc_loss",),
    ),
    Fault(
        "no cost where there is no correlation",
        SUMS,
        "xp.where(f + g == 0.0, zero, one)",
        "zero",
        ("mcc_loss",),
    ),
    Fault(
        "skipped classes that stay in the divisor",
        SHARED,
        "where = counted if where is None else xp.logical_and(counted, where)",
        "rows = xp.where(counted, rows, xp.zeros_like(rows))",
        ("dice_loss", "lovasz_softmax_loss"),
    ),
    Fault(
        "samples in the order in which their axes are named",
        "_check.py",
        "found = sorted([one % int(x.ndim) for one in axes])",
        "found = [one % int(x.ndim) for one in axes]",
        ("dice_loss", "ssim_loss"),
    ),
    Fault(
        "ignored pixels in the sums",
        SHARED,
        "mask=valid if region.mask is None else xp.logical_and(region.mask, valid)",
        "mask=region.mask",
        ("softmax_dice_loss", "lovasz_softmax_loss"),
    ),
    Fault(
        "a weighted mean of classes over their number",
        LABELLED,
        "xp.sum(weights * rows, axis=-1), xp.sum(weights, axis=-1))",
        "xp.sum(weights * rows, axis=-1), xp.sum(xp.ones_like(weights), axis=-1))",
        ("dice_cross_entropy_loss",),
    ),
    Fault(
        "a weighted mean of pixels over their number",
        LABELLED,
        "mean = ratio(region.xp, mean, region.of_samples().mean(counts))",
        "mean = mean + 0.0 * counts[..., 0]",
        ("dice_cross_entropy_loss", "dice_focal_loss"),
    ),
    Fault(
        "misses weighted as false alarms",
        LABELLED,
        "if beta > 0.5:",
        "if beta < 0.5:",
        ("combo_loss",),
    ),
    Fault(
        "the background's score focused as well",
        LABELLED,
        "classes = xp.where(rare > 0.0, power(xp, rows, 1.0 - gamma), rows)",
        "classes = power(xp, rows, 1.0 - gamma)",
        ("unified_focal_loss",),
    ),
    Fault(
        "errors sorted from the smallest",
        LOVASZ,
        "order = descending(xp, error)",
        "order = descending(xp, -error)",
        ("lovasz_hinge_loss", "lovasz_softmax_loss", "spatial_embedding_loss"),
    ),
    Fault(
        "errors below 0 that pay something back",
        LOVASZ,
        "right = error <= 0.0",
        "right = error != error",
        ("lovasz_hinge_loss",),
    ),
    Fault(
        "all of k to each of the pixels at the border",
        HARDEST,
        "per_tied = left / denominator(xp, region_sum(xp, xp.where(tied, one, zero)))",
        "per_tied = left",
        ("top_k_cross_entropy",),
    ),
    Fault(
        "k rounded down",
        HARDEST,
        "xp.floor(fraction * count + 0.5)",
        "xp.floor(fraction * count)",
        ("top_k_cross_entropy",),
    ),
    Fault(
        "a mean over masked pixels as well",
        HARDEST,
        "weight = _share(xp, xp.where(inside, xp.ones_like(x), zero))",
        "weight = _share(xp, xp.ones_like(x))",
        ("boundary_loss", "hausdorff_dt_loss", "combo_loss"),
    ),
    Fault(
        "the distance to the prediction's border taken twice",
        "losses/distance.py",
        "(far[0] + far[1])",
        "(far[0] + far[0])",
        ("hausdorff_dt_loss",),
    ),
    Fault(
        "squares, whatever the power",
        "losses/distance.py",
        "power(region.xp, d, alpha) for d in distances",
        "power(region.xp, d, 2.0) for d in distances",
        ("hausdorff_dt_loss",),
    ),
    Fault(
        "distances without their sign",
        "losses/distance.py",
        "region.mean(probs * distances)",
        "region.mean(probs * region.xp.abs(distances))",
        ("boundary_loss",),
    ),
    Fault(
        "a minimum for the maximum of a dilation",
        IMAGES,
        "x = xp.maximum(xp.maximum(before, x), after)",
        "x = xp.minimum(xp.minimum(before, x), after)",
        ("cl_dice_loss",),
    ),
    Fault(
        "a skeleton that counts what it has twice",
        IMAGES,
        "skeleton + relu(xp, lost - skeleton * lost)",
        "skeleton + lost",
        ("cl_dice_loss",),
    ),
    Fault(
        "a window whose weights are not normalised",
        IMAGES,
        "xp.exp(-(away * away) / (2 * sigma**2)) / total",
        "xp.exp(-(away * away) / (2 * sigma**2))",
        ("ssim_loss",),
    ),
    Fault(
        "a variance without the mean taken off",
        IMAGES,
        "size, sigma) - mean * mean)",
        "size, sigma))",
        ("ssim_loss",),
    ),
    Fault(
        "an instance's centre held constant",
        INSTANCES,
        "centers = _means(xp, inside, pixels, count)",
        "centers = stop_gradient(_means(xp, inside, pixels, count))",
        ("embedding_hinge_loss",),
    ),
    Fault(
        "a seed that draws phi to itself",
        INSTANCES,
        "- stop_gradient(near)",
        "- near",
        ("spatial_embedding_loss",),
    ),
    Fault(
        "an exponent without its cap",
        INSTANCES,
        "xp.exp(xp.minimum(10.0 * spreads[..., own], xp.full_like(count, LARGEST_EXPONENT)))",
        "xp.exp(10.0 * spreads[..., own])",
        ("spatial_embedding_loss",),
    ),
)
