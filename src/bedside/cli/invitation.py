"""How a person gets to the page: addresses, codes, QR codes, and what a tablet needs."""

import json
import os
import socket
import sys
import urllib.parse
import urllib.request
from dataclasses import replace

from bedside import clock
from bedside.cli.health import access_folder, encrypts, own_url
from bedside.errors import SettingsError
from bedside.loopback import is_loopback
from bedside.network.interfaces import addresses_of, networks
from bedside.settings import Settings

MINUTES = 10
"""So long a printed code lets a tablet in (access/pairing.py)."""

NAMED_S = 8.0
"""A name takes a second to find out, and as long again for each other machine that has it."""


def let_tablets_in(interface: str) -> None:
    """Have this run serve on the network interface; every process reads it from the environment.

    Raises SettingsError where none is named and it is not clear which one is meant.
    """
    if not interface and not os.environ.get("BEDSIDE_SERVER_INTERFACE"):
        interface = the_only(networks())
    if interface:
        os.environ["BEDSIDE_SERVER_INTERFACE"] = interface


def the_only(found: dict[str, tuple[str, ...]]) -> str:
    """The interface, where there is just one: which of several is the closed network, nobody can guess."""
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise SettingsError(
            "--lan: no network interface has an address; connect one, or name it, such as --lan wlan0, and Bedside "
            "listens there once it has one"
        )
    said = ", ".join(f"{name} ({own[0]})" for name, own in found.items())
    raise SettingsError(f"--lan: this machine is in several networks: {said}; say which, such as --lan {min(found)}")


def lan_address() -> str:
    """This machine's first IPv4 address that others can reach; empty when there is none. Sends nothing."""
    return next((own[0] for own in networks().values()), "")


def page_url(settings: Settings) -> str:
    """The page's address for whoever may open it, without a secret, as the network sees this machine."""
    server = settings.server
    if server.interface:
        return f"{'http' if server.tls == 'off' else 'https'}://{server.name}.local:{server.port}/"
    if is_loopback(server.host):
        return own_url(settings)
    anywhere = server.host in ("0.0.0.0", "::")
    host = server.address or ((lan_address() or socket.gethostname()) if anywhere else server.host)
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if encrypts(settings, server.host) else 'http'}://{host}:{server.port}/"


def _token(settings: Settings) -> str:
    return f"?token={urllib.parse.quote(settings.server.token)}" if settings.server.token else ""


def invite(settings: Settings, verb: str) -> None:
    """Print how to get to the page. Codes and tokens are shown to a terminal only, never to a log."""
    server, is_seen = settings.server, sys.stdout.isatty()
    if server.interface or not is_loopback(server.host):
        _invite_tablets(settings, is_seen)
    else:
        print(f"\nThe page: {own_url(settings)}{_token(settings) if is_seen else ''}")
        if server.token and not is_seen:
            print("Its token is [server] token; it is shown on a terminal only.")
        print(f"This machine alone can open it. To let tablets in this network in: bedside {verb} --lan")
    print("Research use only. Ctrl-C ends everything.", flush=True)


def _invite_tablets(settings: Settings, is_seen: bool) -> None:
    server = settings.server
    own = addresses_of(server.interface) if server.interface else ()
    if own and server.tls != "off":
        name = _name_met(own[0], server.trust_port) or server.name
        if name != server.name:
            print(f"\n{server.name}.local is another machine's name here; this one is {name}.local.")
        settings = replace(settings, server=replace(server, name=name))
        server = settings.server
    if server.interface and not own:
        print(f"\n{server.interface} has no address yet; tablets can come in once it has one.")
    if page_url(settings).startswith("https"):
        print("\n1. ", end="")
        lead_to_trust(settings, urllib.parse.urlsplit(page_url(settings)).hostname or "")
    else:
        print("\nNot encrypted: whoever is in this network can read along ([server] tls is off).")
    if not is_seen:
        print(f"The page: {page_url(settings)}\nFor a code that lets a tablet in: bedside access invite operator")
        return
    from bedside.access.devices import Devices
    from bedside.access.role import Role

    code = Devices(access_folder(settings), server.signed_in_h).invite(Role.OPERATOR)
    there = f"{page_url(settings)}pair#{code}"
    print(f"\n2. It opens the page with the code {code}, good for {MINUTES} minutes and one tablet: {there}")
    _draw(there, is_seen)
    at = f" ({own[0]})" if own else ""
    print(f"   Another code: bedside access invite operator. Where {server.name}.local is not found: its address{at}.")


def lead_to_trust(settings: Settings, host: str) -> None:
    """Print where a new tablet learns to trust this machine: by its address where that is known, else by `host`."""
    own = addresses_of(settings.server.interface)
    host = own[0] if own else host
    near = f"http://{host}:{settings.server.trust_port}/trust"
    print(f"A tablet that is here for the first time learns to trust this machine: {near}")
    _draw(near, sys.stdout.isatty())
    print(f"   Its page and this line show the same SHA-256:\n   {_fingerprint(settings)}")


def _name_met(address: str, trust_port: int) -> str:
    """What the server is called on its network, once it has found out; empty where it does not say so in time."""
    until_ns = clock.monotonic_ns() + round(NAMED_S * clock.NS_PER_S)
    while clock.monotonic_ns() < until_ns:
        try:
            with urllib.request.urlopen(f"http://{address}:{trust_port}/trust.json", timeout=1) as answer:
                host = urllib.parse.urlsplit(json.load(answer)["urls"][0]).hostname or ""
                return host.removesuffix(".local")
        except (OSError, ValueError, LookupError):  # it opens there once it has a name
            clock.wait_s(0.1)
    return ""


def _fingerprint(settings: Settings) -> str:
    from bedside.network.certificates import Certificates

    text = Certificates(access_folder(settings)).authority.fingerprint
    return f"{text[:48]}\n   {text[48:]}"


def _draw(url: str, is_seen: bool) -> None:
    if is_seen:
        import segno

        segno.make(url, error="l").terminal(compact=True, border=2)


def has_screen() -> bool:
    """Whether a browser could show something here."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_page(settings: Settings) -> None:
    """Open the page in this machine's browser, where there is a screen."""
    if has_screen():
        import webbrowser

        webbrowser.open(own_url(settings) + _token(settings))
