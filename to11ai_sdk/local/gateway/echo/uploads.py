"""Reads the body of a ``multipart/form-data`` request (RFC 7578)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..provider import UpstreamRequest


class Upload(NamedTuple):
    """A file of a form."""

    name: str
    content: bytes


class Form(NamedTuple):
    """The fields and the file named ``file``."""

    fields: Mapping[str, str]
    file: Upload

    def need(self, name: str) -> str:
        """Return a required field.

        Raises:
            EchoError: 400 naming it.
        """
        if name not in self.fields:
            raise missing(name)
        return self.fields[name]


def missing(name: str) -> EchoError:
    """Return the 400 for a missing field."""
    return EchoError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def read_form(request: UpstreamRequest) -> Form:
    """Return the form in a request.

    Raises:
        EchoError: 400 if it is not a form, or has no ``file``.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != "multipart/form-data" or "boundary" not in options:
        raise EchoError(400, "The request must be multipart/form-data with a boundary.")
    try:
        parser = FormDataParser(max_form_parts=100, silent=False)
        _, fields, files = parser.parse(io.BytesIO(request.body), kind, len(request.body), options)
    # A body that is not a form may fail in many ways.
    except Exception as exc:
        raise EchoError(400, "Could not parse multipart form.") from exc
    found = files.get("file")
    if found is None:
        raise missing("file")
    with found.stream as content:
        return Form(fields.to_dict(), Upload(found.filename or "file", content.read()))
