"""What the functions are tried on: rows of numbers, each with a name that a failure can print."""

from .rows import Argument, Inputs

__all__ = ["Argument", "Inputs"]
