"""Who races in each array library."""

from __future__ import annotations

from collections.abc import Callable

from . import (
    kernels,
    ours,
    peers_fvcore,
    peers_jax_boxes,
    peers_jax_classification,
    peers_jax_embeddings,
    peers_jax_regression,
    peers_jax_segmentation,
    peers_keras,
    peers_kornia,
    peers_monai,
    peers_numpy_boxes,
    peers_numpy_classification,
    peers_numpy_distributions,
    peers_numpy_embeddings,
    peers_numpy_pairs,
    peers_numpy_regression,
    peers_numpy_segmentation,
    peers_optax,
    peers_pml,
    peers_shapely,
    peers_smp,
    peers_torch,
    peers_torch_embeddings,
    peers_torch_regression,
    peers_torchmetrics,
    peers_torchvision,
    peers_ultralytics,
)
from .backends import Function

Functions = dict[str, Function]  # by entry


def _all_of(*parts: Callable[[], Functions]) -> Callable[[], Functions]:
    return lambda: {entry: function for part in parts for entry, function in part().items()}


NUMPY_FORMULAS = _all_of(
    peers_numpy_boxes.functions,
    peers_numpy_classification.functions,
    peers_numpy_distributions.functions,
    peers_numpy_regression.functions,
    peers_numpy_segmentation.functions,
    peers_numpy_embeddings.functions,
    peers_numpy_pairs.functions,
)

CONTESTANTS: dict[str, dict[str, Callable[[], Functions]]] = {
    "numpy": {
        ours.NAME: ours.numpy_functions,
        "plain formula": NUMPY_FORMULAS,
        "torchvision": peers_torchvision.numpy_functions,
        "Shapely": peers_shapely.numpy_functions,
        "our CIoU": ours.numpy_ciou_in_their_place,
        "bare kernel": kernels.functions,
    },
    "torch": {
        ours.NAME: ours.functions,
        "torchvision": peers_torchvision.functions,
        "torchmetrics": peers_torchmetrics.functions,
        "fvcore": peers_fvcore.functions,
        "ultralytics": peers_ultralytics.functions,
        "torch's own": peers_torch.functions,
        "keras": peers_keras.torch_functions,
        "MONAI": peers_monai.functions,
        "kornia": peers_kornia.functions,
        "SMP": peers_smp.functions,
        "PML": peers_pml.functions,
        "plain formula": _all_of(peers_torch_embeddings.functions, peers_torch_regression.functions),
        "Shapely": peers_shapely.torch_functions,
        "fused BCE": peers_torch.bounds,
        "our CIoU": ours.ciou_in_their_place,
        "bare kernel": kernels.functions,
    },
    "jax": {
        ours.NAME: ours.functions,
        "plain columns": peers_jax_boxes.columns,
        "plain corners": peers_jax_boxes.corners,
        "plain formula": _all_of(
            peers_jax_classification.functions,
            peers_jax_regression.functions,
            peers_jax_segmentation.functions,
            peers_jax_embeddings.functions,
        ),
        "plain gather": peers_jax_classification.gathers,
        "optax": peers_optax.functions,
        "keras": peers_keras.jax_functions,
        "our CIoU": ours.ciou_in_their_place,
    },
    "cupy": {
        ours.NAME: ours.numpy_functions,
        "plain formula": NUMPY_FORMULAS,  # NumPy's functions hand CuPy's arrays over to CuPy
        "our CIoU": ours.numpy_ciou_in_their_place,
        "unfused": kernels.unfused,
        "bare kernel": kernels.functions,
    },
}
# These compute another loss than the one that they race with: timed, but not compared, and nobody's fastest peer.
BOUNDS = {
    "fused BCE": "the cross-entropy alone, without the focal factor, by PyTorch itself",
    "our CIoU": "another loss of the same boxes, by the same library",
    "unfused": "the same function of ours with a kernel for each operation",
    "bare kernel": "the formula of ours alone, in the library's own operations, without dispatch, checks and reduction",
}
