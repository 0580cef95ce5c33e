"""What one run of the command found, as JSON and as blocks for the terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import GRADIENT_BUDGET, REFERENCE, VALUE_BUDGET, Disagreement, LossResult
from .libraries import Backend, Library
from .matching import Matches
from .sample import Sample
from .terminal import Block, Line, Table


@dataclass(frozen=True)
class Run:
    """Everything that the command says."""

    version: str
    backends: Sequence[Backend]
    absent: Mapping[str, str]
    """Known libraries that are not here, and why."""
    sample: Sample
    matches: Matches
    losses: Sequence[LossResult]

    @property
    def libraries(self) -> list[Library]:
        return list({backend.library.name: backend.library for backend in self.backends}.values())

    @property
    def within_budget(self) -> bool:
        return all(loss.within_budget for loss in self.losses)


def to_json(run: Run) -> str:
    """The run as strict JSON; null stands for a number that is not finite."""
    content = {
        "version": run.version,
        "libraries": [
            {"name": library.name, "version": library.version, "devices": dict(library.devices)}
            for library in run.libraries
        ],
        "absent": dict(run.absent),
        "sample": {
            "file": run.sample.file,
            "source": run.sample.source,
            "images": len(run.sample.images),
            "annotated_boxes": run.sample.annotated_boxes,
            "detections": run.sample.detections,
            "matched": len(run.matches),
            "without_class": run.matches.without_class,
            "without_overlap": run.matches.without_overlap,
        },
        "dtype": "float32",
        "budget_ulp": {"value": VALUE_BUDGET, "gradient": GRADIENT_BUDGET},
        "losses": [
            {
                "name": loss.name,
                "section": loss.section.name,
                "mean": {label: _finite(mean) for label, mean in loss.mean.items()},
                "value_disagreement": _disagreement(loss.value),
                "gradient_disagreement": _disagreement(loss.gradient),
            }
            for loss in run.losses
        ],
        "within_budget": run.within_budget,
    }
    return json.dumps(content, indent=2, allow_nan=False)


def _disagreement(disagreement: Disagreement) -> dict[str, Any]:
    return {
        "ulp": _finite(disagreement.ulp),
        "between": list(disagreement.between),
        "place": disagreement.place,
        "within_budget": disagreement.within_budget,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def to_blocks(run: Run) -> Iterator[Block]:
    """The run as lines and tables."""
    yield Line(f"array_losses {run.version}", "title")
    yield Line("")
    yield Table(
        ("library", "version", "devices"),
        [(library.name, library.version, _devices(library.devices)) for library in run.libraries],
    )
    for name, reason in run.absent.items():
        yield Line(f"{name}: {reason}")
    yield from _sample(run)
    yield from _losses(run)


def _devices(devices: Mapping[str, int]) -> str:
    return ", ".join(kind if count == 1 else f"{count} x {kind}" for kind, count in devices.items())


def _sample(run: Run) -> Iterator[Block]:
    sample, matches = run.sample, run.matches
    yield Line("")
    yield Line(sample.file, "title")
    if sample.source is not None:
        yield Line(sample.source)
    yield Line(
        f"{len(sample.images)} images, {sample.annotated_boxes} annotated boxes, {sample.detections} detections:"
    )
    width = len(str(sample.detections)) + 2
    yield Line(f"{len(matches):{width}} matched to the box of their class with the highest IoU")
    yield Line(f"{matches.without_class:{width}} unmatched: no box of their class is in the image")
    yield Line(f"{matches.without_overlap:{width}} unmatched: they overlap no box of their class")


def _losses(run: Run) -> Iterator[Block]:
    labels = [backend.label for backend in run.backends]
    for section in dict.fromkeys(loss.section for loss in run.losses):
        losses = [loss for loss in run.losses if loss.section == section]
        yield Line("")
        yield Line(f"{section.name.capitalize()}: mean over {section.over(run.matches)}, in float32", "title")
        if section.remark:
            yield Line(section.remark)
        yield Table(
            ("loss", *labels, "value", "gradient"),
            [
                (
                    loss.name,
                    *(f"{loss.mean[label]:.5f}" for label in labels),
                    _ulp(loss.value),
                    _ulp(loss.gradient),
                )
                for loss in losses
            ],
            numbers=True,
            bad=frozenset(index for index, loss in enumerate(losses) if not loss.within_budget),
        )
    yield Line("")
    between = "any two libraries" if len(labels) > 1 else f"{labels[0]} in float32 and {REFERENCE}"
    yield Line(
        f"value, gradient: the largest difference between {between} in any detection or mask, in ULP of float32 at "
        "the size of its largest number, at least of 1; slopes of box losses are taken times the width and height of "
        "the pair, slopes of cells times the cells of the mask."
    )
    for loss in run.losses:
        for kind, found in (("value", loss.value), ("gradient", loss.gradient)):
            if not found.within_budget:
                fault = "differs between" if math.isfinite(found.ulp) else "is not finite on"
                yield Line(f"! {loss.name}: {kind} of {found.place} {fault} {' and '.join(found.between)}", "bad")
    budget = f"the budget of {VALUE_BUDGET:g} ULP in value and {GRADIENT_BUDGET:g} in gradient"
    yield Line(f"Within {budget}.", "good") if run.within_budget else Line(f"Beyond {budget}.", "bad")


def _ulp(found: Disagreement) -> str:
    number = "not finite" if math.isinf(found.ulp) else f"{found.ulp:.1f}" if found.ulp < 1e4 else f"{found.ulp:.0e}"
    return number if found.within_budget else f"! {number}"
