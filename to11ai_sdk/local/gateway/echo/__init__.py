"""``echo``: the provider of the local gateway that needs no network and no key.

It speaks as OpenAI (and xAI, Mistral), Anthropic and Cohere do, in their own formats and with their own errors, and
answers the same each time. An answer shows what was asked: ``echo: <the user's last text>``. What else it says, how it
counts tokens and what it refuses stands in ``docs/echo.md``.

It fails on purpose when the model is named ``echo-<directive>``, such as ``echo-status-429``, or when the user's last
text has a marker ``[[echo:<directive>]]``, such as ``[[echo:status=503]]``; ``[[echo@xai:cut]]`` is meant for one
provider only. Markers are taken out of the text before it is answered. Several directives stand in one marker with
spaces between them:

================ =============================================================================================
``status=N``     fail with this status, 400 to 599, in the provider's own error shape
``retry-after=S`` with that header; status 429 by default
``code=WORD``    with this ``error.code`` (OpenAI) or ``error.type`` (Anthropic)
``slow=S``       wait so many seconds before each chunk; no answer at all if that is not within the time limit
``cut``          break the connection half-way
``unreachable``  do not answer at all
``malformed``    a reply that is cut short, or a stream with an event that is no JSON
``error-event``  a stream that ends in an error event half-way; status 500 where there is no stream
``times=N``      do all this to the first N requests with the same body only
``refuse``       refuse, as a model does
``request``      answer the JSON of the request as it came
``say64=TEXT``   answer the text that this is the base64 (URL-safe) of
``repeat=N``     say the answer so many times, up to about a million characters
================ =============================================================================================
"""

from __future__ import annotations

from .context import CountedIds
from .echo_provider import EchoProvider
from .storage import FileRow, FileStore, MemoryFiles

__all__ = ["CountedIds", "EchoProvider", "FileRow", "FileStore", "MemoryFiles"]
