"""``echo``: the built-in provider of the local gateway, which needs no network and no key.

It uses the formats and errors of OpenAI (also for xAI and Mistral), Anthropic and Cohere, and gives the same answer to
the same request. An answer repeats the request: ``echo: <the user's last text>``. ``docs/echo.md`` describes its other
answers, how it counts tokens and what it refuses.

It fails on purpose if the model is named ``echo-<directive>``, such as ``echo-status-429``, or if the user's last text
has a marker ``[[echo:<directive>]]``, such as ``[[echo:status=503]]``; ``[[echo@xai:cut]]`` applies to one provider
only. Markers are removed from the text before it is answered. A marker may have several directives with spaces between
them:

================ =============================================================================================
``status=N``     fail with this status, 400 to 599, in the provider's own error shape
``retry-after=S`` with that header; status 429 by default
``code=WORD``    with this ``error.code`` (OpenAI) or ``error.type`` (Anthropic)
``slow=S``       delay each chunk by this many seconds; no answer if that exceeds the time limit
``cut``          break the connection half-way
``unreachable``  do not answer
``malformed``    send a reply that is cut short, or a stream with an event that is not JSON
``error-event``  end a stream half-way with an error event; status 500 without a stream
``times=N``      fail only for the first N requests with the same body
``refuse``       refuse, as a model does
``request``      answer with the JSON of the request
``say64=TEXT``   answer with this text, decoded from URL-safe base64
``repeat=N``     repeat the answer this many times, up to about a million characters
================ =============================================================================================
"""

from __future__ import annotations

from .context import CountedIds
from .echo_provider import EchoProvider
from .storage import FileRow, FileStore, MemoryFiles

__all__ = ["CountedIds", "EchoProvider", "FileRow", "FileStore", "MemoryFiles"]
