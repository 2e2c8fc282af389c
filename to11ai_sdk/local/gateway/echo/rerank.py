"""``POST /rerank`` of Cohere and OpenAI-compatible servers: ranks by the words that query and document share.

The score of a document is 0.9 times the share of the query's words that are in it, plus 0.1 times the share of its own
words that are in the query: 1 for the same words, 0 for none.

Sources: https://docs.cohere.com/reference/rerank and https://docs.vllm.ai/en/latest/serving/openai_compatible_server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .body import parse
from .context import EchoReply, EchoRequest, as_json
from .tokens import count

if TYPE_CHECKING:
    from .body import BodyField

_MOST_DOCUMENTS = 1000


def rerank(echo_request: EchoRequest) -> EchoReply:
    """Answer a request to rank documents."""
    body = parse(echo_request.request.body)
    model, query = body.need("model").text(), body.need("query").text()
    echo_request.apply_directives(model, query)
    documents = [_text(document) for document in body.need("documents").items()]
    most = given.integer(1) if (given := body.get("top_n")) else _MOST_DOCUMENTS
    shown = (wanted := body.get("return_documents")) is not None and wanted.flag()
    results: list[dict[str, Any]] = _ranked(query, documents)[:most]
    if shown:
        results = [{**result, "document": {"text": documents[result["index"]]}} for result in results]
    total = count(query) * len(documents) + sum(map(count, documents))
    return as_json({"id": echo_request.new_id("rerank-"), "results": results, **_rest(echo_request, model, total)})


def score(query: str, document: str) -> float:
    """Return how well a document matches a query, from 0 to 1."""
    asked, found = (set(re.findall(r"\w+", text.lower())) for text in (query, document))
    shared = len(asked & found)
    return round(0.9 * shared / (len(asked) or 1) + 0.1 * shared / (len(found) or 1), 6)


def _ranked(query: str, documents: list[str]) -> list[dict[str, Any]]:
    results = [{"index": index, "relevance_score": score(query, text)} for index, text in enumerate(documents)]
    return sorted(results, key=lambda result: -result["relevance_score"])


def _text(document: BodyField) -> str:
    return document.value if isinstance(document.value, str) else document.need("text").text()


def _rest(echo_request: EchoRequest, model: str, total: int) -> dict[str, Any]:
    if echo_request.provider.dialect == "cohere":
        return {"meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}
    return {"model": model, "usage": {"total_tokens": total}}
