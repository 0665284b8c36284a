"""The trust page's downloads are what tablets take, and all name the same authority."""

import plistlib
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from bedside.hub.app import PAGE_DIR
from bedside.hub.server import listening
from bedside.hub.trust import Trusted, create_trust_app
from bedside.network.certificates import Authority, Certificates

URLS = ["https://bedside.local:8080", "https://192.168.7.1:8080"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A machine's own."""
    return Certificates(tmp_path_factory.mktemp("access")).authority


@pytest.fixture
async def url(authority: Authority) -> AsyncIterator[str]:
    """Where its trust page is served."""
    app = create_trust_app(Trusted(authority.der, authority.fingerprint), PAGE_DIR, lambda _: URLS)
    async with listening(app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def got(url: str) -> tuple[str, bytes]:
    """Content type and body."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == 200
        return answer.content_type, await answer.read()


def fingerprint(certificate: x509.Certificate) -> str:
    """Its SHA-256, without colons or blanks."""
    return certificate.fingerprint(SHA256()).hex().upper()


async def test_the_certificate_is_an_authority_with_the_shown_fingerprint(url: str, authority: Authority) -> None:
    """.crt is DER that OpenSSL takes as an authority; page, terminal and file say the same SHA-256."""
    kind, data = await got(f"{url}/bedside-ca.crt")
    found = x509.load_der_x509_certificate(data)
    assert kind == "application/x-x509-ca-cert"
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    shown = (await got(f"{url}/trust.json"))[1].decode()
    assert authority.fingerprint in shown and all(each in shown for each in URLS)
    assert fingerprint(found) == "".join(filter(str.isalnum, authority.fingerprint)).upper()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=data)
    assert len(context.get_ca_certs()) == 1


async def test_the_profile_of_an_ipad_holds_that_authority(url: str, authority: Authority) -> None:
    """.mobileconfig is a property list of one root certificate, the same bytes each time, so it is installed once."""
    kind, data = await got(f"{url}/bedside-ca.mobileconfig")
    assert kind == "application/x-apple-aspen-config"
    outer = plistlib.loads(data)
    (inner,) = outer["PayloadContent"]
    assert (outer["PayloadType"], inner["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert outer["PayloadUUID"] != inner["PayloadUUID"] and outer["PayloadVersion"] == inner["PayloadVersion"] == 1
    assert fingerprint(x509.load_der_x509_certificate(inner["PayloadContent"])) == fingerprint(
        x509.load_der_x509_certificate(authority.der)
    )
    assert (await got(f"{url}/bedside-ca.mobileconfig"))[1] == data


async def test_the_page_and_its_files_are_there(url: str) -> None:
    """A tablet gets all that the page is made of by the one plain port."""
    kind, page = await got(f"{url}/trust")
    assert kind == "text/html" and b"trust.js" in page
    for name in ("trust.js", "dom.js", "trust.css", "style.css", "icon.svg"):
        assert (await got(f"{url}/page/{name}"))[1]
