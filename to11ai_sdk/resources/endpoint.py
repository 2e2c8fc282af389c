"""Turns a typed method signature into a call of the API: ``@endpoint`` and ``Endpoint``.

A row of the table is a method with an empty body. Placeholders in its route are path parameters; the others go to the
query (GET, DELETE) or the JSON body under the camelCase of their names. The return annotation is the reply's model.
"""

from __future__ import annotations

from functools import wraps

from .._http import encoding
from .._http.encoding import Request
from .._http.exchange import REQUEST_ID
from .._http.process_safety import Unique, importing, lazy
from ..errors import To11aiResponseValidationError
from ..json_types import is_array, is_object
from .parameters import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, ClassVar, Protocol, TypeVar

    Method = TypeVar("Method", bound=Callable[..., Any])
    Read = Callable[[Mapping[str, Any]], Any]

    class Send(Protocol):
        """Makes the call of a row; see ``Transport.send``."""

        def __call__(
            self,
            row: Endpoint,
            arguments: Mapping[str, Any],
            read: Read,
            *,
            may_retry: bool = True,
            spent_s: float = 0.0,
        ) -> Any: ...


class Endpoint:
    """A row of the table: all facts about one call of the API.

    Attributes:
        path: template, ``"/v1/projects/{project_id}/prompts"``.
        safe: whether sending it twice has the same effect as sending it once (RFC 9110 section 9.2.2).
        reads: whether it changes nothing.
        signature: the empty method it was declared with.
    """

    def __init__(
        self, route: str, signature: Callable[..., Any], *, safe: bool, paged: bool, wire_names: Mapping[str, str]
    ) -> None:
        self.method: str
        self.path: str
        self.method, self.path = route.split(" ")
        self.safe: bool = safe or self.method != "POST"
        self.reads: bool = safe or self.method == "GET"
        self.signature: Callable[..., Any] = signature
        self.owner: type[Resource] = Resource
        self._paged = paged
        self._wire_names = wire_names

    def __repr__(self) -> str:
        return f"<Endpoint {self.name}: {self.method} {self.path}>" if vars(self) else "<Endpoint>"

    @property
    def name(self) -> str:
        """Return the dotted name below the client, ``"routing_rules.versions.create"``."""
        return f"{self.owner.namespace}.{self.signature.__name__.removeprefix('_')}"

    @property
    def doc(self) -> str:
        return self.signature.__doc__ or ""

    @lazy
    def parameters(self) -> tuple[Parameter, ...]:
        code, defaults = self.signature.__code__, self.signature.__kwdefaults__ or {}
        return tuple(
            self._parameter(name, required=name not in defaults)
            for name in code.co_varnames[1 : code.co_kwonlyargcount + 1]
        )

    def _parameter(self, name: str, *, required: bool) -> Parameter:
        place = "query" if self.method in ("GET", "DELETE") else "body"
        place = "path" if f"{{{name}}}" in self.path else place
        wire_name = self._wire_names.get(name) or encoding.camel(name)
        return Parameter(name, wire_name, place, self.signature.__annotations__[name], required=required)

    @lazy
    def has_body(self) -> bool:
        """Return whether the call sends a JSON object."""
        return any(parameter.place == "body" for parameter in self.parameters)

    def encode(self, arguments: Mapping[str, Any]) -> Request:
        """Return the request for arguments by their Python names; ``None`` is left out, or null if required."""
        path: dict[str, str] = {}
        query: dict[str, str] = {}
        body: dict[str, Any] = {}
        for parameter in self.parameters:
            value = arguments.get(parameter.name)
            if value is None and not parameter.required:
                continue
            parameter.check(value)
            if parameter.place == "path":
                path[parameter.name] = encoding.segment(parameter.name, value)
            elif parameter.place == "body":
                body[parameter.wire_name] = value
            elif value is not False:
                query[parameter.wire_name] = encoding.text(value)
        return Request(self.method, self.path.format_map(path), query, body if self.has_body else None)

    @lazy
    def result(self) -> Callable[[Any], Any]:
        """Return the function that builds the result; imports Pydantic and the models."""
        with importing.lock:
            from .. import models

            return models.reader(self.signature.__annotations__["return"])

    def load(self) -> None:
        """Import Pydantic and its compiled core; see :func:`models.load`."""
        if "result" not in vars(self):
            with importing.lock:
                from .. import models

                models.load()

    def prepare(self) -> None:
        """Import the code that reads the reply."""
        self.result  # noqa: B018 - for its effect

    def build(self, data: Any, request_id: str | None = None) -> Any:
        """Return the result for the ``data`` of a reply; ``request_id`` is for a single model."""
        try:
            result = self.result(data)
        except ValueError as exc:
            if not hasattr(exc, "errors"):  # of a signal handler
                raise
            from ..models import describe_validation_error

            # Without the cause: Pydantic's text quotes the reply.
            raise To11aiResponseValidationError(f"{self.name}: {describe_validation_error(exc)}") from None
        if request_id is not None:
            object.__setattr__(result, REQUEST_ID, request_id)
        return result

    def read(self, envelope: Mapping[str, Any]) -> Any:
        result = self.build(self.data(envelope))
        for model in _models(result):
            object.__setattr__(model, REQUEST_ID, envelope.get(REQUEST_ID))
        return result

    def cacheable(self, envelope: Mapping[str, Any]) -> Any:
        """Return validated ``data`` reduced to what the result needs."""
        data = self.build(self.data(envelope)).model_dump(by_alias=True, exclude_unset=True)
        return {**data, REQUEST_ID: envelope.get(REQUEST_ID)}

    def data(self, envelope: Mapping[str, Any]) -> Any:
        """Return the part of a success envelope that the result is built from."""
        data = envelope.get("data")
        if not self._paged:
            return data
        page = {"items": data} if is_array(data) else data
        pagination = envelope.get("pagination")
        return {**page, "pagination": pagination} if pagination and is_object(page) else page


def _models(result: Any) -> list[Any]:
    """Return the models of a result: itself, with its rows if it is a page, or those of a list."""
    fields: dict[str, Any] = getattr(result, "__dict__", {})
    return result if is_array(result) else [result, *fields.get("items", ())]


class Resource(Unique):
    """A namespace of the client, with its dotted name, and rows of the table as methods."""

    namespace: ClassVar[str] = ""

    def __init__(self, send: Send) -> None:
        self._send = send

    def __init_subclass__(cls) -> None:
        for row in cls.rows():
            row.owner = cls

    @classmethod
    def rows(cls) -> Iterator[Endpoint]:
        """Yield the rows that this class declares, in their order."""
        for method in vars(cls).values():
            if isinstance(row := getattr(method, "endpoint", None), Endpoint):
                yield row

    def __repr__(self) -> str:
        names = [name for name in vars(type(self)) if not name.startswith("_") and name != "namespace"]
        return f"<{type(self).__name__} client.{self.namespace}: {', '.join(names)}>"

    def _call(self, row: Endpoint, arguments: Mapping[str, Any]) -> Any:
        return self._send(row, arguments, row.read)


def endpoint(route: str, *, safe: bool = False, paged: bool = False, **wire_names: str) -> Callable[[Method], Method]:
    """Declare a row: the decorated method, with an empty body, becomes a call of the API.

    Args:
        route: HTTP method and path template.
        safe: marks a read that travels as POST.
        paged: the reply is one page, with ``pagination`` next to ``data`` in the envelope.
        **wire_names: Python name to wire name, if that is not its camelCase.
    """

    def declare(signature: Any) -> Any:
        row = Endpoint(route, signature, safe=safe, paged=paged, wire_names=wire_names)

        @wraps(signature)
        def call(self: Resource, *args: Any, **arguments: Any) -> Any:
            # Python itself checks the names: calling the empty method raises its TypeError.
            signature(self, *args, **arguments)
            return self._call(row, arguments)  # pyright: ignore[reportPrivateUsage]

        call.endpoint = row  # type: ignore[attr-defined]
        return call

    return declare


def row_of(method: Callable[..., Any]) -> Endpoint:
    """Return the row that a method declares."""
    row: Endpoint = method.endpoint  # type: ignore[attr-defined]
    return row
