"""Races between `array_losses` and its peers: ``python -m benchmarks``."""
