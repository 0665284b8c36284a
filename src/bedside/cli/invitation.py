"""How a person gets to the page: address, QR code, and what a tablet needs."""

import array
import os
import secrets
import socket
import struct
import sys
import urllib.parse

from bedside.cli.health import own_url
from bedside.settings import Settings, is_loopback

_SIOCGIFADDR = 0x8915


def let_tablets_in() -> None:
    """Have this run listen on the network, with a fresh token; every process reads it from the environment."""
    os.environ["BEDSIDE_SERVER_HOST"] = "0.0.0.0"
    os.environ["BEDSIDE_SERVER_TOKEN"] = secrets.token_urlsafe(12)


def lan_address() -> str:
    """This machine's first IPv4 address that others can reach; empty when there is none. Sends nothing."""
    if sys.platform == "linux":
        import fcntl

        for _, name in socket.if_nameindex():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                request = array.array("B", struct.pack("256s", name.encode()[:15]))
                try:
                    fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
                except OSError:
                    continue  # an interface without an IPv4 address
            address = socket.inet_ntoa(request.tobytes()[20:24])
            if not is_loopback(address):
                return address
    try:
        address = socket.gethostbyname(socket.gethostname())
    except OSError:
        return ""
    return "" if is_loopback(address) else address


def page_url(settings: Settings) -> str:
    """The page's address for whoever may open it: with the token, and as the network sees this machine."""
    if is_loopback(settings.server.host):
        return own_url(settings) + _token(settings)
    anywhere = settings.server.host in ("0.0.0.0", "::")
    host = (lan_address() or socket.gethostname()) if anywhere else settings.server.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.server.port}/{_token(settings)}"


def _token(settings: Settings) -> str:
    return f"?token={urllib.parse.quote(settings.server.token)}" if settings.server.token else ""


def invite(settings: Settings, verb: str) -> None:
    """Print the page's address and its QR code. A token is shown to a terminal only, never to a log."""
    import segno

    url = page_url(settings)
    alone = is_loopback(settings.server.host)
    if sys.stdout.isatty() or not settings.server.token:
        print(f"\nThe page{'' if alone else ', for tablets in the same network'}: {url}\n")
        segno.make(url, error="l").terminal(compact=True, border=2)
    else:
        print(f"\nThe page: {url.partition('?')[0]}\nIts token is [server] token; it is shown on a terminal only.")
    if alone:
        print(f"This machine alone can open it. For a tablet in the same network: bedside {verb} --tablet")
    print("Research use only. Ctrl-C ends everything.", flush=True)


def has_screen() -> bool:
    """Whether a browser could show something here."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_page(settings: Settings) -> None:
    """Open the page in this machine's browser, where there is a screen."""
    if has_screen():
        import webbrowser

        webbrowser.open(own_url(settings) + _token(settings))
