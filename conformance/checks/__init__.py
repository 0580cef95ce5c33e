"""The checks. Each looks at one promise; the files say of what kind, and `suite.py` lists all."""

from .arguments import ARGUMENTS
from .arrays import ARRAYS
from .batches import BATCHES
from .check import Check, Measured
from .errors import ERRORS
from .modes import MODES
from .numbers import NUMBERS
from .reductions import REDUCTIONS
from .table import TABLES
from .transforms import TRANSFORMS

__all__ = [
    "ARGUMENTS",
    "ARRAYS",
    "BATCHES",
    "ERRORS",
    "MODES",
    "NUMBERS",
    "REDUCTIONS",
    "TABLES",
    "TRANSFORMS",
    "Check",
    "Measured",
]
