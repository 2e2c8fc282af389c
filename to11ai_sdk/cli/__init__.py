"""Provides the command ``to11ai``."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 # pragma: no cover - in a bundle
    sys.exit("to11ai needs Python 3.10 or newer, not " + sys.version.split()[0])

try:
    from .commands import main
except KeyboardInterrupt:  # pragma: no cover
    sys.exit(130)

__all__ = ["main"]
