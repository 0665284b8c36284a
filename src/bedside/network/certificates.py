"""The private certificate authority of this machine, and the certificate that its server shows.

Both are made where they are missing, in one folder, keys for this user alone. Only the authority is ever trusted by a
tablet, so the server's certificate may change as often as it likes: with its addresses, and long before it ends.
"""

import ipaddress
import logging
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bedside import clock
from bedside.errors import AccessError

log = logging.getLogger(__name__)

CA, CA_KEY = "ca.pem", "ca.key"
SERVER = "server.pem"
"""The server's certificate and, in the same file, its key: one rename changes both."""
CA_DAYS = 20 * 365
BACK_DAYS, AHEAD_DAYS, REST_DAYS = 180, 210, 60
"""A server certificate begins so long ago, since clocks of machines without a network are wrong; ends so soon, which is
390 days and so below the 398 that browsers take; and is made anew when so little is left of it."""
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is wrong for certain: a battery was empty."""
PERMITTED_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")


@dataclass(frozen=True)
class Authority:
    """What tablets trust."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """The certificate as tablets read it."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as systems show it: pairs of digits with colons between."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()


class Certificates:
    """The files in `folder`, for a server that is called `NAME.local`."""

    def __init__(self, folder: Path) -> None:
        """Raises AccessError when the authority is missing and cannot be made, or is there and cannot be read."""
        self._folder = folder
        self.authority = _authority(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["http/1.1"])

    def context(self, name: str, addresses: Sequence[str]) -> ssl.SSLContext:
        """What a server listens with. It is the same one each time: connections that come after this get the
        certificate for these names, and open ones go on. Where a new one cannot be written, as on a full disk, the one
        that is there is shown for as long as it lasts. Raises AccessError where there is none.
        """
        path = self._folder / SERVER
        if not self.is_good(name, addresses):
            try:
                _write(path, _server_certificate(self.authority, subjects(name, addresses)))
            except AccessError as error:
                found = self._found()
                if found is None or found.not_valid_after_utc < _now():
                    raise
                log.error("%s. Tablets still get the certificate for %s", error, _names(found))
        try:
            self._context.load_cert_chain(path)
        except (OSError, ssl.SSLError) as error:
            raise AccessError(f"{path} cannot be used ({error}); delete it, and it is made anew") from error
        return self._context

    def is_good(self, name: str, addresses: Sequence[str]) -> bool:
        """Whether the server's certificate is ours, for exactly these names, and has some time left."""
        found = self._found()
        if found is None:
            return False
        now = _now()
        is_current = found.not_valid_before_utc <= now <= found.not_valid_after_utc - timedelta(days=REST_DAYS)
        return is_current and list(_said(found)) == subjects(name, addresses)

    def _found(self) -> x509.Certificate | None:
        """The server's certificate that is there, of our authority; None without one."""
        try:
            found = x509.load_pem_x509_certificate((self._folder / SERVER).read_bytes())
            found.verify_directly_issued_by(self.authority.certificate)
            _said(found)
        except Exception:  # missing, damaged, or of another authority: whatever it is, it is not good
            return None
        return found


def subjects(name: str, addresses: Sequence[str]) -> list[x509.GeneralName]:
    """Under what the server may be called: its name, this machine's own names, and its private addresses.

    A public address is left out: the authority may not speak for it, and one such name would spoil the whole.
    """
    permitted = [ipaddress.ip_network(network) for network in PERMITTED_NETWORKS]
    own = sorted({ipaddress.ip_address(address) for address in ("127.0.0.1", *addresses)}, key=int)
    return [
        x509.DNSName(f"{name}.local"),
        x509.DNSName("localhost"),
        *(x509.IPAddress(address) for address in own if any(address in network for network in permitted)),
    ]


def _said(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def _names(certificate: x509.Certificate) -> str:
    return ", ".join(str(name.value) for name in _said(certificate))


def is_clock_wrong() -> bool:
    """Whether this machine's clock says a day that cannot be."""
    return _wall() < EARLIEST


def _authority(folder: Path) -> Authority:
    certificate, key = folder / CA, folder / CA_KEY
    if not certificate.exists() and not key.exists():
        _make_authority(folder)
    try:
        read = serialization.load_pem_private_key(key.read_bytes(), None)
        found = Authority(x509.load_pem_x509_certificate(certificate.read_bytes()), read)  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError) as error:
        raise AccessError(
            f"{certificate} and {key.name} cannot be read ({error}); put both back from a copy, or delete both: "
            "then every tablet has to trust this machine anew"
        ) from error
    if found.certificate.public_key() != found.key.public_key():
        raise AccessError(
            f"{certificate} and {key.name} do not belong together; put both back from a copy, or delete both"
        )
    return found


def _make_authority(folder: Path) -> None:
    """It may speak for names that end in .local and for private addresses only: whoever steals its key cannot pretend
    to a tablet that he is the hospital, or a bank."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    common_name = f"Bedside {identifier.digest.hex()[:6]}"  # a tablet that knows several machines tells them apart
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    permitted: list[x509.GeneralName] = [x509.DNSName("local"), x509.DNSName("localhost")]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in PERMITTED_NETWORKS]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(EARLIEST - timedelta(days=2 * BACK_DAYS))
        .not_valid_after(_now() + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / CA_KEY, _private(key))
    _write(folder / CA, certificate.public_bytes(serialization.Encoding.PEM))


def _server_certificate(authority: Authority, names: Sequence[x509.GeneralName]) -> bytes:
    """Certificate and key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value))]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - timedelta(days=BACK_DAYS))
        .not_valid_after(_now() + timedelta(days=AHEAD_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + _private(key)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    """The whole file or what was there before, for this user alone."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a mode
            file.write(data)
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise AccessError(
            f"{path} cannot be written: {error.strerror}; set another folder as [server] access, or free some space"
        ) from error


def _wall() -> datetime:
    return datetime.fromtimestamp(clock.wall_ns() / clock.NS_PER_S, UTC)


def _now() -> datetime:
    return max(_wall(), EARLIEST)
