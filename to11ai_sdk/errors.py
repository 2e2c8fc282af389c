"""Defines the exceptions of the SDK, and chooses one for an error reply of the API.

::

    To11aiError
    ├── To11aiNetworkError                     no usable reply
    ├── To11aiResponseValidationError          an unusable 2xx reply
    └── To11aiApiError                         any error reply
        ├── To11aiAuthError                    401, 403
        ├── To11aiRateLimitError               429
        ├── To11aiValidationError              400
        ├── RuleNotFoundError                  404 RULE_NOT_FOUND, RULE_NOT_FOUND_IN_ENV
        ├── NoApplicableRouteError             422 NO_APPLICABLE_ROUTE
        ├── EnvNotEnabledForProviderError      422 ENV_NOT_ENABLED_FOR_PROVIDER
        ├── RuleVersionInvalidSnapshotError    400 or 422 with one of SNAPSHOT_CODES
        └── PromptLabelNotRegisteredError      422 PROMPT_LABEL_NOT_REGISTERED

Bad input (a blank id, a value that JSON cannot hold) is a built-in ``ValueError`` or ``TypeError``, raised before
anything is sent.
"""

from __future__ import annotations

from ._http.process_safety import lazy
from .json_types import is_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

MESSAGE_LIMIT = 1000
"""The longest message of an exception, in characters."""


class To11aiError(Exception):
    """Base of every exception the SDK raises for a call; catch it to handle them all.

    The attributes describe the call and are set by the client. They survive ``pickle`` and ``copy``; the cause survives
    only ``copy``.
    """

    attempts: int = 0
    """How many attempts were made, retries included; an idle connection that proves dead is not counted."""
    elapsed_s: float = 0.0
    """Seconds from the start of the call to the failure, waits included."""
    method: str = ""
    """HTTP method of the call, ``"POST"``."""
    endpoint: str = ""
    """Path template of the call, ``"/v1/projects/{project_id}/prompts"``."""
    request_id: str | None = None
    """The server's id of the last reply, if it sent one (``x-to11-request-id`` or ``x-request-id``)."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(arg[:MESSAGE_LIMIT] if isinstance(arg, str) else arg for arg in args))

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class: the other arguments are attributes.
        return Exception.__new__, (type(self), *self.args), vars(self)

    def __copy__(self) -> Self:
        twin = Exception.__new__(type(self), *self.args)
        vars(twin).update(vars(self))
        twin.__cause__ = self.__cause__
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy

        twin = self.__copy__()
        vars(twin).update(deepcopy(vars(self), memo))
        return twin


class To11aiNetworkError(To11aiError):
    """No usable reply came: DNS, TLS, a refused or dropped connection, a timeout. The cause is chained."""

    unsent: bool = False
    """Whether the request provably never reached the server, so that nothing can have happened there."""
    final: bool = False
    """Whether a retry is useless: TLS does not trust the server, or cannot talk to it."""

    def __init__(self, message: str = "", *, cause: BaseException | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.__cause__: BaseException | None = cause

    @property
    def cause(self) -> BaseException | None:
        """The low-level exception."""
        return self.__cause__


class To11aiResponseValidationError(To11aiError):
    """A 2xx reply is not JSON, not an envelope, lacks its data, or does not fit the model; names the field."""


class To11aiApiError(To11aiError):
    """The API answered with an error that has no class of its own; look at ``error_code`` and ``status_code``."""

    status_code: int = 0
    """HTTP status; 0 for an error inside a stream of the gateway."""
    error_code: str | None = None
    """The API's code, such as ``"PROMPT_NOT_FOUND"``: the code that chose the class, else ``error.code``, else
    ``details.code``."""
    details: Any = None
    """``error.details`` as the API sent it: any JSON, or ``None``."""
    retry_after_seconds: float | None = None
    """Seconds the server asks to wait (``Retry-After``, RFC 9110 section 10.2.3), ``None`` if it did not say."""

    def __init__(
        self, message: str = "", *, status_code: int, error_code: str | None = None, details: Any = None
    ) -> None:
        self._take(locals())

    def _take(self, given: dict[str, Any], **fixed: Any) -> None:
        """Set attributes from the ``locals()`` of a constructor."""
        del given["self"]
        To11aiError.__init__(self, given.pop("message"))
        vars(self).update(given, **fixed)


def _detail(doc: str, *names: str, absent: str | None = None) -> Any:
    """Make an attribute: the constructor's argument, else the first text in ``details`` under one of these keys."""

    def read(error: To11aiApiError) -> str | None:
        details = error.details if is_object(error.details) else {}
        texts: list[str] = [details[name] for name in names if isinstance(details.get(name), str)]
        return max(texts, key=bool, default=absent)

    read.__doc__ = doc
    return lazy(read)


class To11aiAuthError(To11aiApiError):
    """401 or 403: the key is missing, wrong or revoked, or lacks a permission."""


class To11aiRateLimitError(To11aiApiError):
    """429: too many requests; ``retry_after_seconds`` says how long to wait, if the server gave a time."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_seconds: float | None = None,
        error_code: str | None = None,
        details: Any = None,
    ) -> None:
        self._take(locals(), status_code=429)


class To11aiValidationError(To11aiApiError):
    """400: the API refused the input."""

    def __init__(self, message: str = "", *, error_code: str | None = None, details: Any = None) -> None:
        self._take(locals(), status_code=400)


class RuleNotFoundError(To11aiApiError):
    """404: the routing rule does not exist, or not in that environment; attributes not in the reply are ``None``."""

    rule_id: str | None = _detail("Id of the rule.", "ruleId")
    model: str | None = _detail("Model that led to the rule, at the gateway.", "model")
    env: str | None = _detail("Slug of the environment that was searched.", "env")

    def __init__(
        self,
        message: str = "",
        *,
        error_code: str,
        rule_id: str | None = None,
        model: str | None = None,
        env: str | None = None,
        details: Any = None,
    ) -> None:
        self._take(locals(), status_code=404)


class NoApplicableRouteError(To11aiApiError):
    """422: no route of the rule applies to the request; attributes not in the reply are ``""``."""

    rule_id: str = _detail("Id of the rule.", "rule", "ruleId", absent="")
    version_id: str = _detail("Id of the rule's version.", "version", "versionId", absent="")
    reason: str = _detail(
        "``all_conditions_false``, ``all_variants_unreachable`` or ``all_steps_non_routable``.", "reason", absent=""
    )

    def __init__(self, message: str = "", *, rule_id: str, version_id: str, reason: str, details: Any = None) -> None:
        self._take(locals(), status_code=422, error_code="NO_APPLICABLE_ROUTE")


class EnvNotEnabledForProviderError(To11aiApiError):
    """422: the provider of a rule is not active in the environment; attributes not in the reply are ``""``."""

    rule_id: str = _detail("Id of the rule.", "rule", "ruleId", absent="")
    env_slug: str = _detail("Slug of the environment.", "env", "envSlug", absent="")
    provider_id: str = _detail("Id of the provider.", "providerId", absent="")

    def __init__(
        self, message: str = "", *, rule_id: str, env_slug: str, provider_id: str, details: Any = None
    ) -> None:
        self._take(locals(), status_code=422, error_code="ENV_NOT_ENABLED_FOR_PROVIDER")


class RuleVersionInvalidSnapshotError(To11aiApiError):
    """400 or 422: the snapshot of a new rule version was refused; ``error_code`` is one of ``SNAPSHOT_CODES``."""

    field: str | None = _detail("Where in the snapshot, ``None`` when the reply does not say.", "field")
    reason: str | None = _detail('What is wrong there, such as ``"sum_not_100"``.', "reason")
    variant_name: str | None = _detail("Name of the variant concerned, if one is.", "variantName")

    def __init__(
        self,
        message: str = "",
        *,
        error_code: str,
        field: str | None = None,
        reason: str | None = None,
        variant_name: str | None = None,
        details: Any = None,
        status_code: int = 400,
    ) -> None:
        self._take(locals())


class PromptLabelNotRegisteredError(To11aiApiError):
    """422: the project is strict about labels, and this label is not registered or is archived."""

    project_id: str = _detail('Id of the project, ``""`` when the reply does not name it.', "projectId", absent="")
    label: str = _detail('The label, ``""`` when the reply does not name it.', "label", absent="")

    def __init__(self, message: str = "", *, project_id: str, label: str, details: Any = None) -> None:
        details = {"projectId": project_id, "label": label} if details is None else details
        self._take(locals(), status_code=422, error_code="PROMPT_LABEL_NOT_REGISTERED")


SNAPSHOT_CODES = frozenset(
    {
        "INVALID_VARIANT_PARAMS",
        "INVALID_VARIANT_WEIGHTS",
        "INVALID_RULE_STRATEGY",
        "INVALID_STEP_COUNT",
        "RULE_ENDPOINT_MISMATCH",
        "INVALID_WHEN_CLAUSE",
        "INVALID_STRATEGY_VARIANTS",
        "INVALID_RETRY_POLICY",
    }
)
"""The codes with which the API refuses the snapshot of a rule version."""

_BY_STATUS: dict[int, type[To11aiApiError]] = {
    400: To11aiValidationError,
    401: To11aiAuthError,
    403: To11aiAuthError,
    429: To11aiRateLimitError,
}
_BY_CODE: dict[tuple[int, str], type[To11aiApiError]] = {
    (404, "RULE_NOT_FOUND"): RuleNotFoundError,
    (404, "RULE_NOT_FOUND_IN_ENV"): RuleNotFoundError,
    (422, "NO_APPLICABLE_ROUTE"): NoApplicableRouteError,
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER"): EnvNotEnabledForProviderError,
    (422, "PROMPT_LABEL_NOT_REGISTERED"): PromptLabelNotRegisteredError,
    **{(status, code): RuleVersionInvalidSnapshotError for status in (400, 422) for code in SNAPSHOT_CODES},
}


def api_error(status: int, error: object, reason: str) -> To11aiApiError:
    """Return the exception for the ``error`` of an envelope, any JSON; ``reason`` replaces a missing message."""
    fields = error if is_object(error) else {}
    details: Any = fields.get("details")
    inner: dict[str, Any] = details if is_object(details) else {}
    # Some servers have the exact code in the details.
    found = (fields.get("code"), inner.get("code"), inner.get("error"))
    codes = [code for code in found if isinstance(code, str) and code]
    exact = [] if status in (401, 403, 429) else [code.upper() for code in codes if (status, code.upper()) in _BY_CODE]
    kind = _BY_CODE[status, exact[0]] if exact else _BY_STATUS.get(status, To11aiApiError)
    message = fields.get("message") or (error if isinstance(error, str) else "") or reason
    head = " ".join([f"HTTP {status}" if status else "in the stream", *dict.fromkeys(codes)])
    exc = Exception.__new__(kind)
    text, code = ": ".join(filter(None, (head, str(message)))), next(iter(exact or codes), None)
    To11aiApiError.__init__(exc, text, status_code=status, error_code=code, details=details)
    return exc
