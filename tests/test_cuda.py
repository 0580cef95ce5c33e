"""Row functions as one CUDA kernel, without a GPU: the same C++ runs on the processor, in place of CuPy's launch."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from losses_table import TABLE, label

import array_losses as al
from array_losses import _cuda
from array_losses.autodiff import _closed_form
from array_losses.measures import box_kernel, classes, formulas, logits, regions

DRAW = np.random.default_rng(0)
CORNERS = np.asarray([0.0, 0.0, 2.0, 2.0]) + DRAW.random((2, 40, 4))
CORNERS[1, :5] = CORNERS[0, :5]  # perfect matches
CORNERS[0, 5] = CORNERS[1, 6] = [1.0, 1.0, 1.0, 1.0]  # points
CORNERS[0, 7], CORNERS[1, 7] = [0.0, 0.0, 1.0, 1.0], [3.0, 4.0, 6.0, 5.0]  # apart
CORNERS[0, 8] = [np.nan, 0.0, 1.0, 1.0]
ROTATED = np.concatenate([CORNERS[..., :2], 1.0 + CORNERS[..., 2:], DRAW.normal(size=(2, 40, 1))], axis=-1)
NUMBERS = DRAW.normal(scale=3.0, size=(2, 40))
NUMBERS[:, :4] = [[0.0, -0.0, 80.0, -80.0], [0.0, 1.0, 0.5, 1e-9]]
SHARES = np.stack([NUMBERS[0], DRAW.integers(0, 2, size=40) * DRAW.random(40)])
PROBS = np.stack([DRAW.random(40), SHARES[1]])

CASES: list[tuple[str, dict[str, Any], Any]] = [
    *[(name, knobs, CORNERS) for name, knobs in TABLE],
    *[(name, {}, ROTATED) for name in ("probiou_loss", "gwd_loss", "kld_loss", "kfiou_loss", "bcd_loss")],
    *[
        (name, {}, NUMBERS)
        for name in ("l1_loss", "squared_error", "l2_loss", "smooth_l1_loss", "huber_loss", "log_cosh_loss",
                     "charbonnier_loss", "balanced_l1_loss", "focal_l1_loss", "wing_loss", "hinge_loss")
    ],
    *[
        (name, {}, SHARES)
        for name in ("sigmoid_binary_cross_entropy", "sigmoid_focal_loss", "quality_focal_loss", "varifocal_loss",
                     "gaussian_focal_loss", "asymmetric_loss")
    ],
    ("sigmoid_focal_loss", {"gamma": 1.5}, SHARES),
    ("binary_cross_entropy", {}, PROBS),
]  # fmt: skip


class OnTheProcessor:
    """What `_cuda` asks of CuPy, for NumPy arrays."""

    empty = staticmethod(np.empty)

    def __init__(self, folder: Path) -> None:
        self.ElementwiseKernel = functools.partial(Compiled, folder, self)
        self.launches = 0


class Compiled:
    def __init__(
        self, folder: Path, owner: OnTheProcessor, inputs: str, outputs: str, body: str, name: str, **options: Any
    ) -> None:
        assert options["options"] == ("--fmad=false",)
        self.folder, self.owner, self.name, self.body, self.preamble = folder, owner, name, body, options["preamble"]
        self.inputs, self.outputs = [[one.split()[1] for one in side.split(", ")] for side in (inputs, outputs)]
        self.found: dict[Any, Any] = {}

    def __call__(self, *arrays: Any) -> None:
        assert len(arrays) == len(self.inputs) + len(self.outputs)
        dtype = arrays[0].dtype
        assert {x.dtype for x in arrays} == {dtype}
        run = self.found.get(dtype) or self.found.setdefault(dtype, self.compile(dtype))
        shape = np.broadcast_shapes(*[x.shape for x in arrays])
        given = [np.ascontiguousarray(np.broadcast_to(x, shape)) for x in arrays]
        pointers = [x.ctypes.data for x in given]
        run(given[0].size, (ctypes.c_void_p * len(pointers))(*pointers))
        for x, found in zip(arrays[len(self.inputs) :], given[len(self.inputs) :]):
            x[...] = found
        self.owner.launches += 1

    def compile(self, dtype: Any) -> Any:
        names = [*self.inputs, *self.outputs]
        source = self.folder / f"{len(list(self.folder.iterdir()))}.cpp"
        source.write_text(f"""
#include <cmath>
using namespace std;
#define __device__
typedef {"float" if dtype == np.float32 else "double"} T;
{self.preamble}
extern "C" void run(long count, T** x) {{
  for (long k = 0; k < count; ++k) {{
    {" ".join(f"T& {name} = x[{i}][k];" for i, name in enumerate(names))}
    {self.body}
  }}
}}""")
        library = source.with_suffix(".so")
        command = ["g++", "-O0", "-w", "-ffp-contract=off", "-shared", "-fPIC", str(source), "-o", str(library)]
        subprocess.run(command, check=True)
        run = ctypes.CDLL(str(library)).run
        run.argtypes = (ctypes.c_long, ctypes.c_void_p)
        return run


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OnTheProcessor:
    """Arrays of NumPy go the way of those of CuPy."""
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    there = OnTheProcessor(tmp_path)
    evaluate, rows = _closed_form._evaluate, _cuda.rows
    monkeypatch.setattr(_closed_form, "is_cupy", lambda xp: True)
    monkeypatch.setattr(
        _closed_form, "_evaluate", lambda *arguments, **rest: evaluate(*arguments, **rest | {"blocks": False})
    )
    monkeypatch.setattr(_cuda, "rows", lambda xp, *rest: rows(there, *rest))
    return there


@pytest.mark.parametrize(("name", "knobs", "arrays"), [pytest.param(*case, id=label(*case[:2])) for case in CASES])
def test_one_kernel_has_the_values_and_slopes_of_all(
    name: str, knobs: dict[str, Any], arrays: Any, request: pytest.FixtureRequest
) -> None:
    loss = functools.partial(getattr(al, name), **knobs)

    def total(pred: Any, target: Any) -> tuple[Any, Any]:
        xp = al.array_namespace(pred, target)
        rows = loss(pred, target)
        return xp.sum(xp.where(rows == rows, rows, xp.zeros_like(rows))), rows

    both = al.value_and_grad(total, (0, 1), has_aux=True)
    with np.errstate(all="ignore"):
        (_, value), slopes = both(*arrays)
        there = request.getfixturevalue("processor")
        (_, found), pulls = both(*arrays)
    assert there.launches >= 1
    for one, other in zip((found, *pulls), (value, *slopes), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tables_and_dtypes(processor: OnTheProcessor, dtype: str) -> None:
    first, second = CORNERS.astype(dtype)
    table = al.giou(first[:, None, :], second[None, :6, :])
    assert processor.launches == 1
    assert table.dtype == dtype
    np.testing.assert_array_equal(table[8], np.full(6, np.nan, dtype=dtype))
    for i in (0, 5, 7):
        np.testing.assert_array_equal(table[i], [al.giou(first[i], one) for one in second[:6]])
    assert al.giou(first[:0], second[:0]).shape == (0,)


SINGLE = np.dtype("float64")


def test_a_program_asks_for_what_is_wanted() -> None:
    options = (formulas.giou, lambda g, m: (m, None), ())
    value, one, both = [
        _cuda.program(box_kernel, options, (4, 4), wanted, SINGLE)
        for wanted in ((False, False), (True, False), (True, True))
    ]
    assert value is not None
    assert one is not None
    assert both is not None
    assert [p.inputs for p in (value, one, both)] == [8, 8, 8]
    assert [p.outputs for p in (value, one, both)] == [1, 5, 9]
    assert value.body.count("\n") < one.body.count("\n") < both.body.count("\n")


def test_nothing_is_computed_twice() -> None:
    found = _cuda.program(logits.focal_kernel, (0.25, 2.0), (0, 0), (True, True), SINGLE)
    assert found is not None
    computed = [line.partition(" = ")[2] for line in found.body.splitlines() if line[0] != "r"]
    assert len(set(computed)) == len(computed)
    assert found.body.count("exp(") == 1


@pytest.mark.parametrize(
    ("kernel", "options", "widths"),
    [
        pytest.param(classes.target_kernel, (classes.entropy, (), 0.0), (4, 4), id="a softmax"),
        pytest.param(regions.overlap_kernel, (None,), (4, 4), id="sums"),
        pytest.param(box_kernel, (formulas.iou, lambda g, m: (m, None), ()), (80, 80), id="many columns"),
    ],
)
def test_what_is_more_than_columns_is_left_alone(kernel: Any, options: Any, widths: tuple[int, ...]) -> None:
    assert _cuda.program(kernel, options, widths, (True, False), SINGLE) is None
