"""`python -m conformance.faults` is `python -m array_losses.conformance.faults`."""

import sys

from array_losses.conformance.faults import main

if __name__ == "__main__":
    sys.exit(main())
