"""Complete adapters for the conformance suite: `python -m conformance --backend examples.backends.dask`."""
