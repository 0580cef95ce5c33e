"""The checks. Each looks at one promise; the files say of what kind, and `suite.py` lists all."""

from .arguments import ARGUMENTS
from .arrays import ARRAYS
from .batches import BATCHES
from .check import Check, Measured
from .embeddings import EMBEDDINGS
from .errors import ERRORS
from .modes import MODES
from .numbers import NUMBERS
from .reductions import REDUCTIONS
from .regions import REGIONS
from .table import TABLES
from .transforms import TRANSFORMS

__all__ = [
    "ARGUMENTS",
    "ARRAYS",
    "BATCHES",
    "EMBEDDINGS",
    "ERRORS",
    "MODES",
    "NUMBERS",
    "REDUCTIONS",
    "REGIONS",
    "TABLES",
    "TRANSFORMS",
    "Check",
    "Measured",
]
