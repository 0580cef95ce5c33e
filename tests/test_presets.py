"""The arguments that reproduce a peer, each run against the peer where it is installed, in value and gradient."""

from __future__ import annotations

import contextlib
import importlib
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from presets_table import PRESETS, Preset, markdown

import array_losses as al
from benchmarks import peers_torchvision

# Two samples of three classes, one of which is not in the second; none of `few` is of the third class.
N, C, G, D = 2, 3, 4, 6
RNG = np.random.default_rng(41)
SHAPE = (N, C, 12, 13)
LABELS = RNG.integers(0, C, (N, 12, 13))
LABELS[1] %= 2
PAIR_LABELS = RNG.integers(0, 2, (N, 12, 13))
GROUPS = np.asarray([0, 0, 1, 1, 1, 2, 2, 2, 3])


def one_hot(labels: Any, classes: int = C) -> Any:
    return np.moveaxis(np.eye(classes)[labels], -1, 1)


ARRAYS: dict[str, Any] = {
    "logits": RNG.normal(size=SHAPE) * 2,
    "probs": RNG.uniform(0.02, 0.98, SHAPE),
    "soft": RNG.uniform(size=SHAPE),
    "labels": LABELS,
    "targets": one_hot(LABELS),
    "few": LABELS % 2,
    "ignored": np.where(RNG.uniform(size=LABELS.shape) < 0.2, 255, LABELS),
    "truth": one_hot(LABELS).astype(np.int64),
    "guess": one_hot(RNG.permuted(LABELS, axis=1)).astype(np.int64),
    "hard": (RNG.uniform(size=SHAPE) < 0.5).astype(np.int64),
    "mask": RNG.uniform(size=LABELS.shape) < 0.8,
    "foreground": np.asarray([0.0, 1.0, 1.0]),
    "weights": np.asarray([0.5, 2.0, 1.0]),
    "shares": np.asarray([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 1 / 2, 0]]),
    "pair": RNG.normal(size=(N, 2, 12, 13)),
    "pair_labels": PAIR_LABELS,
    "pair_targets": one_hot(PAIR_LABELS, 2),
    "embeddings": RNG.normal(size=(9, D)) + np.eye(D)[GROUPS] * 1.5,
    "groups": GROUPS,
    "same": GROUPS[:, None] == GROUPS,
    "others": ~np.eye(9, dtype=np.bool_),
    "proxies": RNG.normal(size=(G, D)),
    "anchors": RNG.normal(size=(5, D)),
    "positives": RNG.normal(size=(5, D)),
    "negatives": RNG.normal(size=(5, D)),
    "views": np.arange(10) % 5,
}
COMMON: dict[str, Any] = {"mean": {"reduction": "mean"}, "N": N, "C": C, "G": G, "D": D, "radians": math.radians}


def _distances(x: Any) -> Any:
    """Of each mask of probabilities, after a threshold of 1/2, to its border, from inside and outside."""
    edt = pytest.importorskip("scipy.ndimage").distance_transform_edt
    masks = x.detach().numpy() > 0.5
    fields = [
        edt(mask) + edt(~mask) if mask.any() and not mask.all() else 0.0 * mask
        for mask in masks.reshape(-1, *masks.shape[2:])
    ]
    return torch.asarray(np.reshape(fields, masks.shape))


def _in_torch(row: Preset, module: Any) -> tuple[Any, Any]:
    """Value and slopes of both sides."""
    found = []
    for call, functions in ((row.theirs, vars(module)), (row.ours, vars(al))):
        arrays = {name: torch.tensor(array) for name, array in ARRAYS.items()}
        if row.peer == "segmentation_models.pytorch":
            # Its Lovász loss knows float32 only.
            arrays = {name: x.float() if x.dtype == torch.float64 else x for name, x in arrays.items()}
        if row.by:
            arrays[row.by].requires_grad_(True)
        helpers = {
            "softmax": lambda x: x.softmax(1),
            "reflect": lambda x: torch.nn.functional.pad(x, (5, 5, 5, 5), mode="reflect"),
            "unit": torch.nn.functional.normalize,
            "concat": lambda *x: torch.cat(x),
            "one_hot": lambda y: torch.nn.functional.one_hot(y, C).movedim(-1, 1),
            "distances": _distances,
        }
        # The functions last: "weights" of torch's module must not hide the array, nor the array a function.
        value = eval(call, dict(functions) | helpers | arrays | COMMON)
        slopes = torch.autograd.grad(value.sum(), arrays[row.by])[0].numpy() if row.by else None
        found.append((value.detach().numpy(), slopes))
    return found[0], found[1]


def _in_jax(row: Preset, module: Any) -> tuple[Any, Any]:
    import jax
    from jax import numpy as jnp

    helpers = {
        "softmax": lambda x: jax.nn.softmax(x, axis=1),
        "moveaxis": lambda x: jnp.moveaxis(x, 1, -1),
        "mean_of_classes": lambda rows: rows.mean(-1),
    }
    arrays = {name: jnp.asarray(array) for name, array in ARRAYS.items()}
    found = []
    for call, functions in ((row.theirs, vars(module)), (row.ours, vars(al))):

        def total(x: Any, call: str = call, functions: Any = functions) -> Any:
            value = eval(call, dict(functions) | helpers | arrays | COMMON | {row.by: x})
            return value.sum(), value

        slopes, value = jax.grad(total, has_aux=True)(arrays[row.by])
        found.append((np.asarray(value), np.asarray(slopes)))
    return found[0], found[1]


# The peers ------------------------------------------------------------------------------------------------------------


def _repair_torchvision() -> None:
    """The race knows how to import it where it was built for another torch."""
    with contextlib.suppress(ImportError):
        peers_torchvision.functions()


def _monai() -> Any:
    pytest.importorskip("monai", minversion="1.6")
    return importlib.import_module("monai.losses")


def _kornia() -> Any:
    pytest.importorskip("kornia", minversion="0.9")
    return importlib.import_module("kornia.losses")


def _smp() -> Any:
    _repair_torchvision()
    return pytest.importorskip("segmentation_models_pytorch.losses")


def _torchmetrics() -> Any:
    _repair_torchvision()
    functional = pytest.importorskip("torchmetrics.functional")
    parts = [importlib.import_module(f"torchmetrics.functional.{part}") for part in ("classification", "segmentation")]
    return SimpleNamespace(**{name: x for part in (functional, *parts) for name, x in vars(part).items()})


def _metric_learning() -> Any:
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    miners = importlib.import_module("pytorch_metric_learning.miners")

    def learned(name: str) -> Callable[..., Any]:
        def build(*args: Any, **kwargs: Any) -> Any:
            loss = getattr(losses, name)(*args, **kwargs)
            proxies = torch.tensor(ARRAYS["proxies"])
            for parameter in loss.parameters():
                parameter.data = proxies if parameter.shape == proxies.shape else proxies.T
            return loss

        return build

    names = ("ProxyNCALoss", "ProxyAnchorLoss", "ArcFaceLoss", "CosFaceLoss")
    return SimpleNamespace(**vars(losses) | vars(miners) | {name: learned(name) for name in names})


PEERS: dict[str, Callable[[], Any]] = {
    "MONAI": _monai,
    "segmentation_models.pytorch": _smp,
    "kornia": _kornia,
    "keras": lambda: pytest.importorskip("keras.losses"),
    "optax": lambda: pytest.importorskip("optax.losses"),
    "torchmetrics": _torchmetrics,
    "torch": lambda: torch.nn.functional,
    "pytorch-metric-learning": _metric_learning,
}


@pytest.fixture
def _torch_behind_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")


@pytest.mark.usefixtures("_torch_behind_keras")
@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.peer}: {row.theirs}") for row in PRESETS])
def test_preset(row: Preset) -> None:
    with warnings.catch_warnings():
        # What other projects warn of is not ours.
        warnings.simplefilter("ignore")
        theirs, ours = (_in_jax if row.peer == "optax" else _in_torch)(row, PEERS[row.peer]())
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5, atol=1e-7)
    if row.by:
        assert np.abs(theirs[1]).max() > 0
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=3e-5 * np.abs(theirs[1]).max())


@pytest.mark.usefixtures("_torch_behind_keras")
def test_letters_of_keras() -> None:
    """Its Tversky loss has alpha on what is missed and beta on what is invented, up to 3.15 at least."""
    keras = pytest.importorskip("keras")
    if tuple(int(part) for part in keras.__version__.split(".")[:2]) > (3, 15):
        pytest.skip("to be looked at again")
    probs, targets = (torch.tensor(ARRAYS[name]) for name in ("probs", "targets"))
    theirs = keras.losses.tversky(targets, probs, alpha=0.7, beta=0.3)
    ours = al.tversky_loss(probs, targets, axis=None, batch_axes=(), fp_weight=0.3, fn_weight=0.7)
    swapped = al.tversky_loss(probs, targets, axis=None, batch_axes=(), fp_weight=0.7, fn_weight=0.3)
    assert float(theirs) == pytest.approx(float(ours), rel=1e-6)
    assert float(theirs) != pytest.approx(float(swapped), rel=1e-3)


def test_the_page_holds_the_table() -> None:
    page = Path(__file__).parent.parent / "docs" / "presets.md"
    assert page.read_text(encoding="utf-8").endswith(markdown())
