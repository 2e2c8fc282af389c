from __future__ import annotations

import base64
import math
import struct
from typing import Any

import pytest
from echo_harness import provider, read, send
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.echo.embeddings import vector
from to11ai_sdk.local.gateway.echo.rerank import score


def embedded(**given: Any) -> Any:
    reply = send(provider(), "/embeddings", {"model": "text-embedding-3-small", "input": "hello world", **given})
    assert reply.status == 200
    return read(reply)


def likeness(left: str, right: str) -> float:
    return sum(a * b for a, b in zip(vector(left), vector(right), strict=True))


def test_an_embedding() -> None:
    body = embedded()
    [row] = body["data"]
    assert (body["object"], body["model"], row["object"], row["index"]) == (
        "list",
        "text-embedding-3-small",
        "embedding",
        0,
    )
    assert body["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert row["embedding"] == vector("hello world")
    assert len(row["embedding"]) == 1536


def test_the_same_text_has_the_same_vector_on_every_machine() -> None:
    numbers = vector("hello world", 8)
    assert [round(number, 4) for number in numbers] == [0.5091, 0.0, 0.0, 0.0, -0.2546, 0.0, 0.0566, 0.8202]


@settings(max_examples=examples(50), deadline=None)
@given(st.text(), st.integers(1, 64))
def test_vectors_have_the_length_one(text: str, dimensions: int) -> None:
    numbers = vector(text, dimensions)
    assert len(numbers) == dimensions
    assert math.sqrt(sum(number * number for number in numbers)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("the cat sat on the mat", "a cat sat on a mat", "interest rates rose again"),
        ("How do I reset my password?", "password reset", "opening hours on Sunday"),
        ("invoices", "invoice", "weather"),
        ("Hello World", "hello world!", "goodbye moon"),
    ],
)
def test_neighbours(text: str, near: str, far: str) -> None:
    assert likeness(text, near) > 0.4 > likeness(text, far) + 0.2


def test_base64_has_the_same_numbers() -> None:
    encoded = embedded(encoding_format="base64", dimensions=64)["data"][0]["embedding"]
    numbers = embedded(encoding_format="float", dimensions=64)["data"][0]["embedding"]
    assert list(struct.unpack("<64f", base64.b64decode(encoded))) == numbers


def test_large_models_have_more_dimensions() -> None:
    assert len(embedded(model="text-embedding-3-large")["data"][0]["embedding"]) == 3072


@pytest.mark.parametrize(
    ("inputs", "tokens", "rows"),
    [(["a b", "c"], 3, 2), ([1, 2, 3], 3, 1), ([[1, 2], [3]], 3, 2), (["a", [1, 2]], 3, 2)],
)
def test_lists(inputs: list[Any], tokens: int, rows: int) -> None:
    body = embedded(input=inputs)
    assert [row["index"] for row in body["data"]] == list(range(rows))
    assert body["usage"]["total_tokens"] == tokens


@pytest.mark.parametrize(
    "given",
    [
        {"input": ""},
        {"input": []},
        {"input": [""]},
        {"input": ["x"] * 2049},
        {"input": {}},
        {"input": [None]},
        {"input": [True]},
        {"input": [-1]},
        {"dimensions": 0},
        {"dimensions": 4000},
        {"encoding_format": "hex"},
    ],
)
def test_embeddings_that_are_refused(given: dict[str, Any]) -> None:
    reply = send(provider(), "/embeddings", {"model": "text-embedding-3-small", "input": "x", **given})
    body = read(reply)["error"]
    assert (reply.status, body["param"].split("[")[0]) == (400, next(iter(given)))


def ranked(dialect: str, **given: Any) -> Any:
    model = "rerank-v3.5" if dialect == "cohere" else "rerank-1"
    documents = ["Rain in Berlin.", {"text": "The capital of France is Paris"}, "capital of France"]
    body = {"model": model, "query": "capital of France", "documents": documents, **given}
    reply = send(provider(dialect), "/rerank", body)
    assert reply.status == 200, read(reply)
    return read(reply)


def test_reranking_as_cohere() -> None:
    assert ranked("cohere") == {
        "id": "rerank-2",
        "results": [
            {"index": 2, "relevance_score": 1.0},
            {"index": 1, "relevance_score": 0.95},
            {"index": 0, "relevance_score": 0.0},
        ],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


def test_reranking_as_a_compatible_server() -> None:
    body = ranked("openai", top_n=1, return_documents=True)
    assert body == {
        "id": "rerank-2",
        "model": "rerank-1",
        "results": [{"index": 2, "relevance_score": 1.0, "document": {"text": "capital of France"}}],
        "usage": {"total_tokens": 3 * 3 + 4 + 6 + 3},
    }


def test_equal_documents_stay_in_their_order() -> None:
    assert [result["index"] for result in ranked("cohere", documents=["b", "a", "b"])["results"]] == [0, 1, 2]


@given(st.text(), st.text())
def test_scores_are_shares(query: str, document: str) -> None:
    assert 0 <= score(query, document) <= 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"documents": None}, "documents: Field required"),
        ({"documents": ["a", {"txt": "b"}]}, "documents.1.text: Field required"),
        ({"top_n": 0}, "top_n: Input should be an integer of 1 or more"),
        ({"query": 1}, "query: Input should be a string"),
        ({"model": "none"}, "model 'none' not found, make sure the correct model ID was used"),
    ],
)
def test_rerank_that_is_refused(given: dict[str, Any], message: str) -> None:
    body = {"model": "rerank-v3.5", "query": "x", "documents": ["a"], **given}
    reply = send(provider("cohere"), "/rerank", body)
    assert (reply.status, read(reply)) == (404 if "model" in given else 400, {"id": "req_1", "message": message})
