from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiNetworkError

from .certificates import authority, serving, trusting
from .harness import ENOUGH_S, KEY, TIMEOUT_S, get, impatient
from .server import HEALTHY, HOLD, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def secure() -> Iterator[ScriptedServer]:
    with ScriptedServer(HEALTHY, tls=serving()) as server:
        yield server


@pytest.fixture
def authority_file(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority().cert_pem.write_to_path(path)
    return path


def test_an_authority_may_be_given_as_ssl_context(secure: ScriptedServer) -> None:
    with create_client(api_key=KEY, base_url=secure.url, ssl_context=trusting()) as client:
        assert get(client, "a") == "a"


class Curious(ssl.SSLContext):
    """Looks at the certificate of a wrapped socket itself, as truststore does."""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        tls = super().wrap_socket(*args, **options)
        if not tls.getpeercert():
            raise ssl.SSLCertVerificationError("no certificate to look at")
        return tls


def test_a_context_may_look_at_the_certificate_itself(secure: ScriptedServer, authority_file: Path) -> None:
    context = Curious(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority_file)
    with create_client(api_key=KEY, base_url=secure.url, ssl_context=context) as client:
        assert get(client, "a") == "a"


def test_an_attempt_may_take_longer_than_the_system_can_wait_at_once(secure: ScriptedServer) -> None:
    context = trusting()
    with create_client(api_key=KEY, base_url=secure.url, ssl_context=context, timeout_s=1e9, max_retries=0) as client:
        assert get(client, "a") == "a"


def test_an_authority_may_be_given_as_ssl_cert_file(
    secure: ScriptedServer, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    with create_client(api_key=KEY, base_url=secure.url) as client:
        assert get(client, "a") == "a"


def test_ssl_cert_file_is_read_per_client(
    secure: ScriptedServer, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_client(api_key=KEY, base_url=secure.url) as client, pytest.raises(To11aiNetworkError, match="trusted"):
        get(client, "a")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    with create_client(api_key=KEY, base_url=secure.url) as client:
        assert get(client, "a") == "a"


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_an_unusable_ssl_cert_file_trusts_nobody(
    content: str | None, secure: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "unusable.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with (
        create_client(api_key=KEY, base_url=secure.url) as client,
        pytest.raises(To11aiNetworkError, match=r"not trusted .*; for a private authority set SSL_CERT_FILE") as caught,
    ):
        get(client, "a")
    assert (caught.value.attempts, caught.value.unsent, caught.value.final) == (1, True, True)


def test_the_name_of_the_certificate_counts_not_the_address_only() -> None:
    with (
        ScriptedServer(HEALTHY, tls=serving("for another host")) as server,
        impatient(server.url.replace("127.0.0.1", "localhost"), ssl_context=trusting()) as client,
        pytest.raises(To11aiNetworkError, match="Hostname mismatch") as caught,
    ):
        get(client, "a")
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert server.requests == []


def test_no_protocol_in_common() -> None:
    context = trusting(minimum_version=ssl.TLSVersion.TLSv1_3)
    with (
        ScriptedServer(HEALTHY, tls=serving("TLS 1.2 only")) as server,
        impatient(server.url, ssl_context=context) as client,
        pytest.raises(To11aiNetworkError, match=r"no TLS connection .*protocol") as caught,
    ):
        get(client, "a")
    assert caught.value.attempts == 1


def test_plain_http_to_a_tls_port_says_what_to_check(secure: ScriptedServer) -> None:
    with (
        impatient(secure.url.replace("https", "http")) as client,
        pytest.raises(To11aiNetworkError, match=r"check (base_url|that base_url)|closed before a reply"),
    ):
        get(client, "a")
    assert secure.requests == []


def test_a_handshake_in_silence_ends_with_the_attempt() -> None:
    with (
        ScriptedServer((HOLD,)) as server,
        impatient(server.https_url, ssl_context=trusting(), timeout_s=TIMEOUT_S, max_retries=2) as client,
        pytest.raises(To11aiNetworkError, match="no complete reply in time") as caught,
    ):
        get(client, "a")
    assert caught.value.attempts == 3
    assert caught.value.elapsed_s < ENOUGH_S


def test_the_trust_store_is_read_once_per_client(secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = [trusting()]
    monkeypatch.setattr(ssl, "create_default_context", contexts.pop)
    with create_client(api_key=KEY, base_url=secure.url) as client:
        for name in ("a", "b"):
            client.prompts.create(project_id="p", name=name, slug=name)
    assert contexts == []
    assert secure.connections == 2
