"""`python -m conformance` is `python -m array_losses.conformance`."""

import sys

from array_losses.conformance.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
