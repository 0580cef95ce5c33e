"""MLX, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_losses.conformance.backends import Backend, Gap


class MLX(Backend):
    library = "mlx"
    namespace = "mlx.core"
    jit_is_quick = False  # a C++ compiler runs for every new shape

    gaps = (
        Gap(
            "functions lack keywords of the standard: device, descending, clip's min and max",
            "https://github.com/ml-explore/mlx/issues/48",
            says="incompatible function arguments",
        ),
        Gap(
            "exp, sin, cos of float64 have the digits of float32",
            "https://github.com/ml-explore/mlx/issues/3047",
            says="ULP",
            dtypes=("float64",),
        ),
        Gap(
            "arrays have no device",
            "https://github.com/ml-explore/mlx/issues/48",
            says="has no attribute 'device'",
            functions=("detr_loss",),
        ),
        Gap(
            "sums add one number after the other",
            "https://github.com/ml-explore/mlx/issues/483",
            says="ULP",
            functions=(
                *("boundary_loss", "combo_loss", "dice_loss", "embedding_hinge_loss", "focal_tversky_loss"),
                *("generalized_dice_loss", "hausdorff_dt_loss", "jaccard_loss", "mcc_loss", "sigmoid_dice_loss"),
                "tversky_loss",
            ),
            checks=("large regions",),
            dtypes=("float32",),
        ),
        Gap(
            "argmax along a full axis of an array without numbers is refused",
            "https://github.com/ml-explore/mlx/issues/48",
            says="Cannot argmax reduce zero size array",
            functions=("distribution_focal_loss",),
        ),
    )

    def device_name(self, device: Any) -> str:
        return str(device.type).rpartition(".")[2]  # "cpu"

    def device_of(self, x: Any) -> str:
        return self.device_name(self.info.default_device())  # arrays do not say

    def sync(self, x: Any) -> None:
        self.xp.eval(x)

    def jit(self, fun: Callable[..., Any]) -> Callable[..., Any]:
        compiled: Callable[..., Any] = self.xp.compile(fun)
        return compiled

    def vmap(self, fun: Callable[..., Any], in_axes: tuple[int | None, ...]) -> Callable[..., Any]:
        mapped: Callable[..., Any] = self.xp.vmap(fun, in_axes=in_axes)
        return mapped

    # No `native_slopes`: mx.grad goes through formulas step by step and meets 0 * inf, for instance at boxes without
    # area, because it cannot be told the slopes that PyTorch and JAX are told. `value_and_grad` of the library works.


backend = MLX
