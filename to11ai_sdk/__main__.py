"""``python -m to11ai_sdk`` is ``to11ai``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
