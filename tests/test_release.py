"""What is published: wheel and sdist, built and compared with the checkout; the wheel is tried beside NumPy alone."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

import array_losses

ROOT = Path(__file__).parent.parent
NEEDED = ("array-api-compat", "numpy")
WHEEL_BYTES = 1_000_000
"""What the wheel may weigh at most. The package is formulas in text: what makes it heavier belongs outside of it."""


def run(*command: str | Path, cwd: Path) -> str:
    """What a program prints; its errors fail the test."""
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Release(NamedTuple):
    wheel: Path
    sdist: Path


def build(root: Path, folder: Path, *targets: str) -> list[Path]:
    """Each target of a source tree, by the build backend that the project names."""
    options = [option for target in targets for option in ("--target", target)]
    run(sys.executable, "-m", "hatchling", "build", *options, "--directory", folder, cwd=root)
    return [next(folder.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])) for target in targets]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(*build(ROOT, tmp_path_factory.mktemp("dist"), "wheel", "sdist"))


@pytest.fixture(scope="module")
def unpacked(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the sdist becomes."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(release.sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / release.sdist.name.removesuffix(".tar.gz")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def package_files(root: Path) -> dict[str, bytes]:
    files = [path for path in (root / "array_losses").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_the_wheel_is_the_package_and_nothing_else(release: Release) -> None:
    inside = contents(release.wheel)
    about = {name: inside.pop(name) for name in [*inside] if ".dist-info/" in name}
    assert inside == package_files(ROOT)
    folder = f"array_losses-{array_losses.__version__}.dist-info"
    assert {*about} == {f"{folder}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")}
    for name in ("py.typed", "data/voc2012_100.json", "conformance/report/templates/report.html.jinja"):
        assert f"array_losses/{name}" in inside
    assert release.wheel.name == f"array_losses-{array_losses.__version__}-py3-none-any.whl"
    assert release.wheel.stat().st_size < WHEEL_BYTES


def test_the_version_stands_in_one_place(release: Release) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    source = ROOT / project["tool"]["hatch"]["version"]["path"]
    (version,) = re.findall(r'^__version__ = "(.*)"$', source.read_text(encoding="utf-8"), re.MULTILINE)
    metadata = message_from_bytes(contents(release.wheel)[f"array_losses-{version}.dist-info/METADATA"])
    assert metadata["Version"] == version == array_losses.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changes, re.MULTILINE)[0] == version


def test_the_sdist_is_what_the_repository_tracks(unpacked: Path) -> None:
    """Its tests, documents, examples and reports as well, so that it can be tested where it is packaged again."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    tracked = {name for name in listed if (ROOT / name).is_file()}
    inside = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert inside == tracked | {"PKG-INFO"}
    assert [name for name in tracked if (unpacked / name).read_bytes() != (ROOT / name).read_bytes()] == []


def test_the_sdist_gives_the_same_wheel(release: Release, unpacked: Path, tmp_path: Path) -> None:
    (again,) = build(unpacked, tmp_path, "wheel")
    assert contents(again) == contents(release.wheel)
    assert again.name == release.wheel.name


@pytest.fixture(scope="module")
def python(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a new environment that has the wheel and what the wheel needs, and nothing else.

    What it needs comes from here, so that no index is asked.
    """
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-index", "--no-deps", "--no-compile", release.wheel, cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in NEEDED:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {".."}:
            (packages / top).symlink_to(str(distribution.locate_file(top)))
    run(*pip, "check", cwd=folder)
    return python


def test_the_wheel_needs_nothing_else(release: Release) -> None:
    (metadata,) = [text for name, text in contents(release.wheel).items() if name.endswith("/METADATA")]
    needs = [need for need in message_from_bytes(metadata).get_all("Requires-Dist", []) if "extra ==" not in need]
    assert sorted(re.split(r"[^\w-]", need)[0] for need in needs) == sorted(NEEDED)


# Away from the checkout, and isolated: neither PYTHONPATH nor the working directory may help.


@pytest.mark.parametrize("program", ["-m array_losses.conformance", "-c import array_losses.testing"])
def test_what_needs_more_says_what_to_install(program: str, python: Path, tmp_path: Path) -> None:
    command = [str(python), "-I", *program.split(" ", 1)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    name = program.split()[-1]
    assert done.returncode == 1
    assert f"ImportError: {name} needs mpmath: pip install 'array-losses[conformance]'" in done.stderr.splitlines()[-1]


def test_the_main_command_runs_where_it_is_installed(python: Path, tmp_path: Path) -> None:
    said = run(python, "-I", "-m", "array_losses", cwd=tmp_path)
    assert f"array_losses {array_losses.__version__}\n" in said
    assert re.search(rf"^numpy +{re.escape(importlib.metadata.version('numpy'))} +cpu$", said, re.MULTILINE)
    assert "torch: not installed" in said
    assert re.search(r"^loss +numpy +value +gradient$", said, re.MULTILINE)
    assert "Within the budget" in said


IMPORTED = """
import array_losses, sys, sysconfig
folder = sysconfig.get_path("purelib")
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
print(*{name.partition(".")[0] for name, file in files.items() if file.startswith(folder)})
"""

# A box and the same one moved along its diagonal by half: they share 1 of 7, in a hull of 9.
COMPUTED = """
import importlib.metadata, numpy as np, array_losses as al
pred, target = np.asarray([[0.0, 0.0, 2.0, 2.0]]), np.asarray([[1.0, 1.0, 3.0, 3.0]])
value, gradient = al.value_and_grad(lambda p: al.giou_loss(p, target, reduction="sum"))(pred)
print(float(value), *gradient[0].tolist())
assert importlib.metadata.version("array-losses") == al.__version__
"""


def test_the_import_loads_numpy_and_array_api_compat_alone(python: Path, tmp_path: Path) -> None:
    assert "array_losses" in (loaded := run(python, "-I", "-c", IMPORTED, cwd=tmp_path).split())
    assert {*loaded} <= {"array_losses", "array_api_compat", "numpy"}


def test_a_loss_and_its_gradient_where_it_is_installed(python: Path, tmp_path: Path) -> None:
    near = Fraction(-2, 49) - Fraction(3, 81)  # the left edge: -2 of the union, -3 of the hull
    far = Fraction(-6, 49) - Fraction(1, 9)  # the right edge: +1 of what they share and of the union
    expected = [2 - Fraction(1, 7) - Fraction(7, 9), near, near, far, far]
    got = [float(number) for number in run(python, "-I", "-c", COMPUTED, cwd=tmp_path).split()]
    assert got == pytest.approx([float(number) for number in expected], rel=1e-15)
