"""A new tablet, from its first address to a live picture: name, trust, pairing, and pictures, all encrypted."""

import asyncio
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, sync_playwright
from tests.end_to_end.box import bedside, free_ports, wait
from tests.end_to_end.conftest import ARGUMENTS, CHROMIUM, TABLET
from tests.network.test_mdns import resolve
from tests.network_namespaces import Host, lan, why_not

from bedside.access.devices import Devices
from bedside.access.role import Role

LACKS = why_not() or ("" if shutil.which("certutil") else "certutil (libnss3-tools; scripts/rigs installs it)")
pytestmark = pytest.mark.chromium
NAME = "bedside.local"


@contextmanager
def chromium(home: Path, address: str) -> Iterator[Page]:
    """A tablet's browser, with the authorities that it was told to trust; it asks no DNS, so the name's address is told
    to it as the tablet found it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[*ARGUMENTS, f"--host-resolver-rules=MAP {NAME} {address}"],
            env={**os.environ, "HOME": str(home)},
        )
        yield browser.new_page(viewport=TABLET)  # type: ignore[arg-type]
        browser.close()


def trust(home: Path, certificate: bytes) -> None:
    """What a person does with the downloaded file on the tablet."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    (home / "bedside-ca.crt").write_bytes(certificate)
    at = ["-d", f"sql:{store}"]
    subprocess.run(["certutil", "-N", *at, "--empty-password"], check=True)
    argv = ["certutil", "-A", *at, "-t", "C,,", "-n", "bedside", "-i", str(home / "bedside-ca.crt")]
    subprocess.run(argv, check=True)


def downloaded(tablet: Host, url: str) -> bytes:
    """What the tablet gets there; nothing while nobody answers."""
    try:
        with tablet.inside(), urllib.request.urlopen(url, timeout=2) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError):
        return b""


@pytest.mark.skipif(bool(LACKS), reason=f"{LACKS}: not on this machine")
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"chromium: {CHROMIUM} is not there; scripts/rigs installs it")
def test_a_tablet_that_trusts_the_machine_is_paired_and_live(tmp_path: Path) -> None:
    """It finds bedside.local, is warned before it trusts and not after, pairs by its code, and has live pictures over
    wss; one that is not paired gets none."""
    ports = free_ports(3)
    text = f'[source]\nport = {ports[0]}\n[server]\nport = {ports[1]}\ntrust_port = {ports[2]}\ninterface = "eth0"\n'
    (tmp_path / "bedside.toml").write_text(text, encoding="utf-8")
    with lan() as net, net.server.inside():
        up, tablet, pages = bedside(tmp_path, "up"), net.tablets[0], f"https://{NAME}:{ports[1]}"
        try:
            plain = f"http://{net.server.address}:{ports[2]}"
            certificate = wait(lambda: downloaded(tablet, f"{plain}/bedside-ca.crt"), "the authority can be had")
            (address,) = asyncio.run(resolve(tablet, NAME))
            home = tmp_path / "tablet"
            with tablet.inside(), chromium(home, address) as page, pytest.raises(Error, match="AUTHORITY_INVALID"):
                page.goto(pages)
            shutil.rmtree(home, ignore_errors=True)
            trust(home, certificate)
            code = Devices(tmp_path / "access", 12.0).invite(Role.OPERATOR)
            with tablet.inside(), chromium(home, address) as page:
                sockets: list[str] = []
                page.on("websocket", lambda socket: sockets.append(socket.url))
                page.goto(f"{pages}/")
                assert page.url.startswith(f"{pages}/pair") and not sockets
                page.goto(f"{pages}/pair#{code}")
                page.fill("#label", "tablet at bed 2")
                page.click("#pair")
                page.wait_for_function("() => Number(document.querySelector('canvas.large')?.dataset.seq) > 0")
                page.wait_for_function("() => document.querySelector('#status').textContent.includes('Live')")
                assert page.url.startswith(f"{pages}/view/")
                assert sockets and all(url.startswith(f"wss://{NAME}:{ports[1]}/live") for url in sockets)
                assert page.evaluate("() => window.isSecureContext")
                assert not page.get_by_text("Not encrypted").is_visible()
        finally:
            up.send_signal(signal.SIGTERM)
            out, _ = up.communicate(timeout=30)
    assert f"The page: {pages}/" in out
