"""Handles the limit of open files, of which each connection needs one and each call to a provider another."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from . import bounds
from .problems import Problem

if TYPE_CHECKING:
    from types import ModuleType

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None

MESSAGE = "this machine ran out of files: close some connections, or raise the limit of open files (ulimit -n)"


def raise_limit() -> None:
    """Raise the soft limit of this process as far as the hard limit allows, to ``MAX_DESCRIPTORS`` at most."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = bounds.MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, bounds.MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # some systems have a lower limit of their own
        return


def is_out_of_files(exc: BaseException) -> bool:
    """Return whether an error says that this process or this machine has too many open files."""
    return isinstance(exc, OSError) and exc.errno in {errno.EMFILE, errno.ENFILE}


def out_of_files() -> Problem:
    """Return the 503 for a request that needs one more file."""
    return Problem(503, "OUT_OF_FILES", MESSAGE)
