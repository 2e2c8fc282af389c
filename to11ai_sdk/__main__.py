"""``python -m to11ai_sdk`` is ``to11ai``."""

import sys

from .cli import main

sys.exit(main())
