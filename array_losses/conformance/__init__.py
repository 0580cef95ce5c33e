"""Proof that `array_losses` computes what the papers say, on every array library: `python -m conformance`."""

from importlib.util import find_spec

if find_spec("mpmath") is None:
    raise ImportError("array_losses.conformance needs mpmath: pip install 'array-losses[conformance]'", name="mpmath")
