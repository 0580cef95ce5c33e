"""`python -m array_losses`: every loss, on every array library found here, over real detections."""

import sys

from array_losses.command import main

if __name__ == "__main__":
    sys.exit(main())
