"""Who may have the pictures."""

import pytest

from bedside.bus.gate import refusal, refuse_open_host
from bedside.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_needs_no_token(host: str) -> None:
    """On this machine alone a token is a choice."""
    refuse_open_host(host, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "bedside.local", ""])
def test_anything_else_needs_a_token(host: str) -> None:
    """A host that other machines can reach is refused without a token, in a sentence that names both settings."""
    with pytest.raises(SettingsError, match=r"\[source\] host .* token"):
        refuse_open_host(host, "")
    refuse_open_host(host, "secret")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {"token": "s3crét"}),
        ({"Authorization": "Bearer s3crét"}, {}),
        ({"Origin": "http://tablet.example"}, {"token": "s3crét"}),
    ],
)
def test_who_shows_the_token_may_pass(headers: dict[str, str], query: dict[str, str]) -> None:
    """In the query or in the header; with it, from any page."""
    assert refusal(headers, query, "s3crét") is None


@pytest.mark.parametrize("shown", ["", "s3cre", "S3CRÉT", "s3crét ", "\udcff"])
def test_a_wrong_token_is_401(shown: str) -> None:
    """A missing, cut or changed token is refused, wherever the request comes from."""
    refused = refusal({"Host": "127.0.0.1:8710"}, {"token": shown}, "s3crét")
    assert refused is not None and refused[0] == 401


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8710", None),
        ("localhost:8710", "http://localhost:8080"),
        ("[::1]:8710", "http://[::1]:3000"),
        ("192.168.1.5:8710", None),
    ],
)
def test_programs_and_pages_of_this_machine_may_pass(host: str, origin: str | None) -> None:
    """Without a token: no Origin (a program), or a page of the same host."""
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    assert refusal(headers, {}, "") is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8710", "http://evil.example"),
        ("127.0.0.1:8710", "null"),
        ("127.0.0.1:8710", "http://localhost.evil.example"),
        ("127.0.0.1:8710", "http://["),
        ("evil.example:8710", "http://evil.example"),
        ("evil.example:8710", None),
        ("", None),
    ],
)
def test_pages_from_elsewhere_are_403(host: str, origin: str | None) -> None:
    """A page of another host, a file, and a foreign name that was made to point to this machine are refused."""
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    refused = refusal(headers, {}, "")
    assert refused is not None and refused[0] == 403
