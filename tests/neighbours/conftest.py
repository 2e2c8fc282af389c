from __future__ import annotations

import os

# These need no package of a neighbour: the suite has run them, and the session of that name does not run them again.
SUITE = ["test_signals.py", "test_silent_connections.py", "test_slow_processors.py", "test_warm_up.py"]
collect_ignore = SUITE if os.environ.get("TO11_NEIGHBOURS") else []
