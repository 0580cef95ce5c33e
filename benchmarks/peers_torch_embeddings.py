"""Plain formulas of embedding losses as a contestant in PyTorch: as training scripts write them."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function
from .inputs import FAR

MARGIN = 0.2


def functions() -> dict[str, Function]:
    torch: Any = importlib.import_module("torch")
    functional: Any = importlib.import_module("torch.nn.functional")

    def batch_hard_triplet(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        distance = torch.cdist(embeddings, embeddings)
        positive = distance.masked_fill(~same | own, 0.0).amax(dim=-1)
        negative = distance.masked_fill(same, torch.inf).amin(dim=-1)
        return functional.relu(positive - negative + MARGIN).mean()

    def contrastive(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        distance = torch.cdist(embeddings, embeddings)
        return distance[same & ~own].mean() + functional.relu(FAR - distance[~same]).mean()

    def nt_xent(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        unit = functional.normalize(embeddings)
        similarity = unit @ unit.T / 0.5
        negatives = similarity.masked_fill(same, -torch.inf).logsumexp(dim=-1, keepdim=True)
        pairs = same & ~own
        return functional.softplus(negatives - similarity).masked_fill(~pairs, 0.0).sum() / pairs.sum()

    def info_nce(queries: Any, keys: Any) -> Any:
        similarity = functional.normalize(queries) @ functional.normalize(keys).T / 0.07
        return functional.cross_entropy(similarity, torch.arange(len(queries), device=queries.device))

    def _same(labels: Any) -> tuple[Any, Any]:
        return labels[:, None] == labels, torch.eye(len(labels), dtype=torch.bool, device=labels.device)

    return {
        "batch hard triplet": batch_hard_triplet,
        "contrastive": contrastive,
        "nt-xent": nt_xent,
        "info nce": info_nce,
    }
