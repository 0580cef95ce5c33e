"""Proof that `array_losses` computes what the papers say, on every array library: `python -m conformance`."""
