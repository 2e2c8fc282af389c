"""Provides the command ``to11ai``."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - a bundle may be run by any Python
    sys.exit("to11ai needs Python 3.10 or newer, not " + sys.version.split()[0])

try:
    from .commands import main
except KeyboardInterrupt:
    sys.exit(130)

__all__ = ["main"]
