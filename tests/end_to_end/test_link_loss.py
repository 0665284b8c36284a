"""A tablet that is carried out of reach, and back."""

import signal
import socket
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.end_to_end.box import bedside, free_ports, wait
from tests.end_to_end.conftest import ARGUMENTS, CHROMIUM
from tests.network_namespaces import lan, why_not

LACKS = why_not()
pytestmark = pytest.mark.chromium
TOKEN = "a-token-of-this-test"


def listens(address: str, port: int) -> bool:
    """Whether anybody does, seen from here."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


@pytest.mark.skipif(bool(LACKS), reason=f"{LACKS}: not on this machine")
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"chromium: {CHROMIUM} is not there; scripts/rigs installs it")
def test_a_page_out_of_reach_says_so_and_comes_back_by_itself(tmp_path: Path) -> None:
    """The link is cut without a word, first for a moment, then for long: grey, then lost. Whole again: new pictures."""
    ports = free_ports(2)
    with lan() as net, net.server.inside():
        (tmp_path / "bedside.toml").write_text(
            f'[source]\nport = {ports[0]}\n[server]\nport = {ports[1]}\nhost = "{net.server.address}"\n'
            f'token = "{TOKEN}"\ntls = "off"\n',
            encoding="utf-8",
        )
        up = bedside(tmp_path, "up")
        try:
            with net.tablets[0].inside(), sync_playwright() as playwright:
                page = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS).new_page()
                address = f"http://{net.server.address}:{ports[1]}/view/video?token={TOKEN}"
                wait(lambda: listens(net.server.address, ports[1]), "a server")
                page.goto(address)
                page.wait_for_function("() => Number(document.querySelector('canvas.large')?.dataset.seq) > 0")
                page.evaluate("() => { window.stayed = true; }")
                net.tablets[0].cut()
                page.locator("#stage.grey").wait_for()
                net.tablets[0].join()
                page.locator("#stage:not(.grey)").wait_for()
                net.tablets[0].cut()
                page.get_by_text("Connection lost").first.wait_for()
                seq = int(page.locator("canvas.large").get_attribute("data-seq") or 0)
                net.tablets[0].join()
                page.wait_for_function("n => Number(document.querySelector('canvas.large').dataset.seq) > n", arg=seq)
                page.get_by_text("Connection lost").first.wait_for(state="hidden")
                assert page.evaluate("() => window.stayed") is True
        finally:
            up.send_signal(signal.SIGTERM)
            up.communicate(timeout=30)
