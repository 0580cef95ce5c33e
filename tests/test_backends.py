"""Backends that the suite does not know, how they are found, and the page for who writes an adapter."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import made_up
import numpy as np
import pytest

import array_losses
from array_losses.conformance import backends, gaps, suite
from array_losses.conformance.backends import Backend, BackendMissingError
from array_losses.conformance.checks import NUMBERS

PAGE = Path(__file__).parent.parent / "docs" / "add_a_backend.md"


class MadeUp(Backend):
    library = "made_up"

    def to_numpy(self, x: Any) -> Any:
        return np.array(x.numbers, dtype=np.float64)


# The protocol ---------------------------------------------------------------------------------------------------------


def test_the_namespace_tells_dtypes_devices_and_default() -> None:
    backend = MadeUp()
    assert (backend.name, backend.device, backend.hardware, backend.version) == ("made_up", "here", "here", "0.1")
    assert backend.dtypes == ("float32", "float64")
    assert backend.default_float() == "float64"
    assert str(backend) == "made_up 0.1 on here"
    assert [backend.jit, backend.vmap, backend.native_slopes] == [None, None, None]


def test_a_device_is_found_by_its_name_and_arrays_are_made_there() -> None:
    backend = MadeUp("there")
    assert (backend.name, backend.device) == ("made_up:there", "there")
    assert backend.asarray([1.0], "float32").device is made_up.THERE
    with pytest.raises(BackendMissingError, match="made_up has no device 'nowhere', only here, there"):
        MadeUp("nowhere")


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "int64", "float32", "float64"])
def test_an_array_is_new_and_has_the_dtype(dtype: str) -> None:
    numbers = np.asarray([[0, 1, 1], [1, 0, 0]], dtype=dtype)
    backend = MadeUp()
    array = backend.asarray(numbers, dtype)
    assert backend.is_array(array)
    assert not backend.is_array(numbers)
    assert backend.dtype_of(array) == dtype
    assert array.shape == (2, 3)
    assert not np.shares_memory(array.numbers, numbers)
    assert backend.to_numpy(array).tolist() == numbers.tolist()


def test_numbers_come_back_as_a_copy_by_dlpack_or_by_array() -> None:
    backend = backends.find("array_api_compat.numpy")
    array = backend.asarray([1.0, 2.0], "float64")
    for x in (array, _OnlyArray(array)):
        found = backend.to_numpy(x)
        found[0] = 7.0
        assert array.tolist() == [1.0, 2.0]
        assert found.tolist() == [7.0, 2.0]


class _OnlyArray:
    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers
        self.shape = numbers.shape

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self.numbers


class _Opaque:
    shape = (2,)


def test_numbers_that_do_not_come_back_are_an_error_that_says_what_to_define() -> None:
    with pytest.raises(TypeError, match=r"gives the numbers of a test_backends\._Opaque: define `to_numpy`"):
        backends.find("array_api_compat.numpy").to_numpy(_Opaque())


@pytest.mark.parametrize("device", [None, "there"])
def test_a_made_up_library_passes(device: str | None) -> None:
    functions = ["iou", "softmax_cross_entropy", "tversky_loss"]
    results = suite.run(array_losses, [MadeUp(device)], functions, checks=NUMBERS, further=False)
    results += suite.run(array_losses, [MadeUp(device)], ["iou", "decode_deltas"], further=False)
    assert [str(result) for result in results if result.failure] == []
    assert {result.backend for result in results} == {"made_up" if device is None else "made_up:there"}
    assert len(results) > 80
    assert sum(result.gradient_ulp is not None for result in results) > 10


# Finding --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path for modules, which are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    own = {path.stem for path in tmp_path.iterdir()}
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]


def _write(folder: Path, name: str, text: str) -> None:
    file = folder / f"{name.replace('.', '/')}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    importlib.invalidate_caches()


ADAPTER = "from test_backends import MadeUp\nclass Other(MadeUp):\n    library = 'other'\n    namespace = 'made_up'\n"


def test_a_namespace_is_a_backend_with_defaults_alone() -> None:
    backend = backends.find("made_up:there")
    assert type(backend) is not MadeUp
    assert (backend.name, backend.found_as, backend.device) == ("made_up:there", "made_up:there", "there")
    assert backend.xp is made_up


@pytest.mark.parametrize("last", ["backend = Other\n", "import made_up as backend\n"])
def test_a_module_holds_a_backend(packages: Path, last: str) -> None:
    _write(packages, "my_package.adapter", ADAPTER + last)
    backend = backends.find("my_package.adapter:there")
    assert backend.found_as == "my_package.adapter:there"
    assert backend.name == ("other:there" if "Other" in last else "my_package.adapter:there")
    assert backend.device_of(backend.asarray([1.0], "float32")) == "there"


def _distribution(folder: Path, points: str) -> None:
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{backends.GROUP}]\n{points}")
    importlib.invalidate_caches()


def test_an_installed_package_registers_backends(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(packages, "my_package.adapter", ADAPTER)
    monkeypatch.setattr(importlib.import_module("array_losses.conformance.backends.find"), "KNOWN", ("numpy",))
    points = (
        "other = my_package.adapter:Other\nplain = made_up\nbroken = my_package.missing\nodd = my_package.adapter:No\n"
    )
    _distribution(packages, points)
    backend = backends.find("other:there")
    assert (backend.name, backend.found_as) == ("other:there", "other:there")
    assert backends.find("plain").xp is made_up
    found = dict(backends.survey())
    assert set(found) == {"numpy", "other", "plain", "broken", "odd"}
    assert isinstance(found["other"], MadeUp)
    assert isinstance(found["plain"], Backend)
    assert str(found["broken"]) == (
        "entry point my_package.missing cannot be loaded: No module named 'my_package.missing'"
    )
    assert str(found["odd"]).startswith("entry point my_package.adapter:No cannot be loaded: ")


def test_a_registered_name_does_not_hide_a_known_library(packages: Path) -> None:
    _distribution(packages, "numpy = made_up\n")
    assert backends.find("numpy").xp is np
    assert len(dict(backends.survey())) == len(backends.KNOWN)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("nowhere", None, "'nowhere' is none of numpy, array_api_strict, torch, jax, cupy, and no module"),
        (
            "nowhere.at_all",
            None,
            "'nowhere.at_all' is none of numpy, array_api_strict, torch, jax, cupy, and no module",
        ),
        ("needy", "import nowhere", "module needy cannot be loaded: No module named 'nowhere'"),
        (
            "empty",
            "",
            "module empty holds no backend: `backend` must be a subclass of array_losses.conformance.backends",
        ),
        ("wrong", "backend = 3", "module wrong holds no backend: "),
        ("absent", ADAPTER.replace("'made_up'", "'nowhere'") + "backend = Other", "nowhere is not installed"),
        ("made_up:nowhere", None, "made_up has no device 'nowhere', only here, there"),
    ],
)
def test_what_is_no_backend_is_missing(packages: Path, name: str, text: str | None, complaint: str) -> None:
    if text is not None:
        _write(packages, name, text)
    with pytest.raises(BackendMissingError) as raised:
        backends.find(name)
    assert str(raised.value).startswith(complaint)


def test_an_error_inside_an_adapter_is_not_hidden(packages: Path) -> None:
    _write(packages, "failing", "raise RuntimeError('a slip of the author')")
    with pytest.raises(RuntimeError, match="a slip of the author"):
        backends.find("failing")


def test_the_command_takes_a_module(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from array_losses.conformance import __main__ as command

    _write(packages, "my_package.adapter", ADAPTER + "backend = Other\n")
    assert (
        command.main(
            [
                "--backend",
                "my_package.adapter",
                "--check",
                "value",
                *("--function", "hinge_loss", "--jobs", "1", "--plain"),
            ]
        )
        == 0
    )
    assert "my_package.adapter: other 0.1 on here" in capsys.readouterr().out


# The page -------------------------------------------------------------------------------------------------------------


def blocks(kind: str) -> list[str]:
    """The page's code blocks of a language."""
    return [part.partition("```")[0] for part in PAGE.read_text().split(f"```{kind}\n")[1:]]


def test_the_adapter_of_the_page_works(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("my_arrays")
    vars(library).update({name: getattr(made_up, name) for name in ("__version__", "__array_namespace_info__")})
    library.__getattr__ = made_up.__getattr__  # type: ignore[method-assign]  # as a module defines it
    compiled: list[Any] = []

    def compile_it(fun: Any) -> Any:
        compiled.append(fun)
        return fun

    vars(library)["compile"] = compile_it
    vars(library)["finish"] = lambda x: None
    monkeypatch.setitem(sys.modules, "my_arrays", library)
    monkeypatch.setattr(made_up.Array, "get", lambda self: self.numbers, raising=False)
    (text,) = blocks("python")
    assert 20 <= len(text.splitlines()) <= 35
    _write(packages, "my_package.conformance", text)
    _write(packages, "my_package.__init__", "")
    _distribution(packages, next(iter(blocks("toml"))).split("\n")[1].replace('"', "").replace(" ", ""))

    for name in ("my_package.conformance", "my-arrays"):
        backend = backends.find(name)
        results, complaints = gaps.apply(suite.run(array_losses, [backend], ["iou"]), [backend])
        assert [str(found) for found in results if found.failure] == []
        assert complaints == []
        assert {"value", "gradient", "jit value", "jit gradient"} <= {found.check for found in results}
    assert compiled


# Dask -----------------------------------------------------------------------------------------------------------------


def test_dask_passes_but_for_a_known_gap() -> None:
    backend = backends.find("examples.backends.dask")
    checks = tuple(check for check in suite.ALL if check.name in ("value", "gradient", "arrays", "chunks", "empty"))
    results = suite.run(array_losses, [backend], ["iou", "proxy_nca_loss"], checks=checks, further=False)
    results, _ = gaps.apply(results, [backend])
    assert [str(found) for found in results if found.failure and not found.gap] == []
    assert [(found.function, found.check) for found in results if found.gap] == [("proxy_nca_loss", "empty")]
    assert len(results) == 16
    assert {found.function for found in results if found.gradient_ulp is not None} == {"iou", "proxy_nca_loss"}


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_entries_of_dask_arrays_are_found_in_other_blocks(axis: int) -> None:
    import dask
    import dask.array

    numbers = np.arange(5 * 6 * 7.0).reshape(5, 6, 7)
    index = np.random.default_rng(1).integers(0, numbers.shape[axis], (5, 6, 7))
    x, places = dask.array.from_array(numbers, (2, 4, 3)), dask.array.from_array(index, (3, 2, 5))
    xp = array_losses._array.namespace(x)
    with dask.config.set(scheduler=_refuse):
        found = xp.take_along_axis(x, places, axis=axis)
    assert (found.shape, found.dtype) == (numbers.shape, numbers.dtype)
    assert np.array_equal(found.compute(scheduler="synchronous"), np.take_along_axis(numbers, index, axis=axis))


def _refuse(*args: Any, **options: Any) -> None:
    raise AssertionError("computed before it was asked for")
