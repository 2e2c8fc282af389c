"""A client of the gateway, as the tests use it and the page shows it."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .asked import CAPABILITIES, ERROR_TEXTS, HELLO, HELLO_ANSWER, MODELS, PICTURE_ANSWER, Reply, Stream, Talk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from to11ai_sdk import To11aiClient


@dataclass(frozen=True)
class Cannot:
    """Why a client cannot do something; ``error`` is what it then says, where it can be tried at all."""

    why: str
    error: str | None = None


class Client:
    """One client; a capability is the method of its name, which gives back what came.

    Attributes:
        title: its name on the page.
        package: name of the distribution that its version is that of.
        own: the model that speaks its format; the other one is reached through the translation.
        cannot: why it lacks a capability, by its name, or by its name and a model.
        classes: the name of the exception for each kind of error, by the rows of ``ERRORS`` and ``stream``.
        shows_tokens: whether it shows the tokens of answers, and those of streams.
        opaque: kinds of errors of which the exception says so little that ``raise_for_gateway`` gives it back.
        keeps_headers: whether its exceptions lead to the headers of the reply.
        says_why: whether its exception for a broken stream holds the provider's message.
        passed_through: whether its calls go to a provider of its own as they are.
        notes: what else the page says.
    """

    title: ClassVar[str]
    package: ClassVar[str]
    language: ClassVar[str] = "python"
    models: ClassVar[tuple[str, ...]] = MODELS
    cannot: ClassVar[dict[str | tuple[str, str], Cannot]] = {}
    classes: ClassVar[dict[str | tuple[str, str], str]] = {}
    opaque: ClassVar[tuple[str | tuple[str, str], ...]] = ()
    keeps_headers: ClassVar[bool] = True
    says_why: ClassVar[bool] = True
    passed_through: ClassVar[bool] = False
    hello_answer: ClassVar[str] = HELLO_ANSWER
    picture_answer: ClassVar[str] = PICTURE_ANSWER
    notes: ClassVar[tuple[str, ...]] = ()
    shows_tokens: ClassVar[tuple[str, ...]] = ("chat", "stream")

    def __init__(self, sdk: Any, model: str) -> None:
        self.sdk = sdk
        self.model = model

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        """Make what the user holds; the page shows these lines."""
        raise NotImplementedError

    def at_once(self) -> None:
        """Switch the client's own retries off."""

    def chat(self, text: str) -> Reply:
        """One question, one answer."""
        raise NotImplementedError

    def stream(self, text: str) -> Stream:
        """One question, an answer in pieces."""
        raise NotImplementedError

    def tools(self, *texts: str) -> Talk:
        """A conversation in which the model may call ``get_weather``."""
        raise NotImplementedError

    def structured(self) -> Any:
        """A ``City`` as a dict."""
        raise NotImplementedError

    def agent(self) -> Any:
        """A ``City`` as a dict from an agent that has the tool ``get_weather``, too."""
        raise NotImplementedError

    def image(self, text: str) -> Reply:
        """A question about a picture."""
        raise NotImplementedError

    def errors(self, kind: str) -> Reply:
        """A chat that fails; the exception comes out."""
        return self.chat(ERROR_TEXTS.get(kind, HELLO))

    def stream_error(self, text: str) -> Stream:
        """A stream that breaks; the exception comes out."""
        return self.stream(text)

    @classmethod
    def needed(cls) -> None:
        """Skip the test where it is not installed."""

    @classmethod
    def version(cls) -> str:
        """The version that is installed."""
        from importlib.metadata import version

        return version(cls.package)

    @classmethod
    def check_error(cls, kind: str, exc: Any) -> None:
        """Check what an exception holds that is no exception of Python."""

    @classmethod
    def can(cls, capability: str, model: str) -> Cannot | None:
        """Why it cannot; ``None`` if it can."""
        return cls.cannot.get((capability, model)) or cls.cannot.get(capability)

    @classmethod
    def lines(cls) -> str:
        """The lines that make it, as they stand in the source of ``connect``."""
        return body_of(cls.connect)


def body_of(function: Any) -> str:
    """The statements of a function but its last one, which returns what they made."""
    source = textwrap.dedent(inspect.getsource(function))
    body = source[source.index(":\n", source.index(") ->")) + 2 :]
    *lines, last = textwrap.dedent(body).strip().splitlines()
    assert last.startswith("return "), last
    return "\n".join(lines).strip()


def tried(client: type[Client]) -> Iterable[tuple[str, str]]:
    """The capabilities that a client is tested for, each with a model."""
    for capability in CAPABILITIES:
        for model in client.models:
            missing = client.can(capability, model)
            if missing is None or missing.error:
                yield capability, model
