"""pytorch-metric-learning as a contestant: its `losses` and `miners`."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function
from .inputs import FAR


def functions() -> dict[str, Function]:
    torch: Any = importlib.import_module("torch")
    losses, miners, distances, reducers = (
        importlib.import_module(f"pytorch_metric_learning.{part}")
        for part in ("losses", "miners", "distances", "reducers")
    )
    euclidean: Any = distances.LpDistance(normalize_embeddings=False)
    miner = miners.BatchHardMiner(distance=euclidean)
    triplet = losses.TripletMarginLoss(margin=0.2, distance=euclidean, reducer=reducers.MeanReducer())
    contrastive = losses.ContrastiveLoss(0.0, FAR, distance=euclidean, reducer=reducers.MeanReducer())
    nt_xent, info_nce = losses.NTXentLoss(temperature=0.5), losses.NTXentLoss(temperature=0.07)

    def batch_hard_triplet(embeddings: Any, labels: Any) -> Any:
        return triplet(embeddings, labels, miner(embeddings, labels))

    def info_nce_of_pairs(queries: Any, keys: Any) -> Any:
        positions = torch.arange(len(queries), device=queries.device)
        # A copy: labels that are the same object would mean that the keys are the queries, and leave out the diagonal.
        return info_nce(queries, positions, ref_emb=keys, ref_labels=positions.clone())

    return {
        "batch hard triplet": batch_hard_triplet,
        "contrastive": contrastive,
        "nt-xent": nt_xent,
        "info nce": info_nce_of_pairs,
    }
