"""Runs the command ``to11ai`` for ``python -m to11ai_sdk``."""

import sys

from .cli import main

sys.exit(main())
