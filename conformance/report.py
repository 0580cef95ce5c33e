"""`python -m conformance.report` is `python -m array_losses.conformance.report`."""

import sys

from array_losses.conformance.report.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
