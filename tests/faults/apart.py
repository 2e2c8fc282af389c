"""A healthy scripted server in a process of its own.

Where a test forks, the server must not be in the process that is copied: its threads, too, hold locks of OpenSSL.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .server import ScriptedServer


@contextmanager
def server_apart(certificate: Path | None) -> Iterator[str]:
    """The URL of the server, with TLS if there is a file for the certificate of its authority."""
    command = [sys.executable, "-m", __name__, *([str(certificate)] if certificate else [])]
    root = Path(__file__).parents[__name__.count(".")]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def _serve(certificate: str | None) -> ScriptedServer:
    from .certificates import authority, serving
    from .server import HEALTHY, ScriptedServer

    if certificate:
        authority().cert_pem.write_to_path(certificate)
    return ScriptedServer(HEALTHY, tls=serving() if certificate else None)


if __name__ == "__main__":
    with _serve(sys.argv[1] if len(sys.argv) > 1 else None) as server:
        print(server.url, flush=True)
        sys.stdin.read()
