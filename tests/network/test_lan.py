"""`bedside up --lan`: on the chosen network and on no other, encrypted, and there again when the address changes."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.end_to_end.box import wait
from tests.network_namespaces import Host, Lan

from bedside.cli.invitation import invite
from bedside.network import certificates
from bedside.network.mdns import Name
from bedside.settings import Settings
from bedside.settings_tables import ServerSettings

OTHER = "10.9.9.1"


def ask(host: Host, url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """What a machine of the network gets there."""
    with host.inside():
        argv = ["curl", "--silent", "--show-error", "--include", "--max-time", "5", *options, url]
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


@contextmanager
def serving(host: Host, folder: Path, **environ: str) -> Iterator[None]:
    """The server's own process on that machine; there is no broadcaster, which it waits for."""
    env = {**os.environ, "BEDSIDE_SERVER_INTERFACE": "eth0", **environ}
    argv = [sys.executable, "-m", "bedside", "serve"]
    process = host.start(argv, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def comes_in(tablet: Host, address: str, folder: Path) -> bool:
    """Whether a tablet that trusts the authority is answered."""
    url = f"https://{address}:8080/health"
    return '"status"' in ask(tablet, url, "--cacert", str(folder / "access" / certificates.CA)).stdout


def test_the_network_is_served_encrypted_and_no_other(net: Lan, tmp_path: Path) -> None:
    """A tablet that trusts us comes in and one that does not refuses; another interface of the machine answers nothing;
    the plain port knows /trust alone; and an address that changes is followed, with the same authority."""
    namespace = net.server.namespace
    for command in (
        "link add other0 type veth peer name other1",
        f"address add {OTHER}/24 dev other0",
        "link set other0 up",
    ):
        subprocess.run(["ip", "-n", namespace, *command.split()], check=True)
    tablet, server = net.tablets[0], net.server
    with serving(server, tmp_path):
        wait(lambda: comes_in(tablet, server.address, tmp_path), "the tablet comes in")
        assert "SSL certificate problem" in ask(tablet, f"https://{server.address}:8080/health").stderr
        assert "401" in ask(tablet, f"https://{server.address}:8080/api/state", "--insecure").stdout
        for port in (8080, 8081):
            assert "Failed to connect" in ask(server, f"http://{OTHER}:{port}/").stderr
        assert '"status"' in ask(server, "http://127.0.0.1:8080/health").stdout

        facts = json.loads(ask(tablet, f"http://{server.address}:8081/trust.json", "--no-include").stdout)
        authority = certificates.Certificates(tmp_path / "access").authority
        assert facts["fingerprint"] == authority.fingerprint
        assert facts["urls"] == ["https://bedside.local:8080", f"https://{server.address}:8080"]
        for path in ("", "api/state", "view/explain", "page/page.js", "../etc/passwd"):
            answer = ask(tablet, f"http://{server.address}:8081/{path}", "--path-as-is").stdout
            assert "302" in answer.splitlines()[0]
            assert "Location: /trust" in answer

        moved = server.address.rpartition(".")[0] + ".77"
        subprocess.run(["ip", "-n", namespace, "address", "del", f"{server.address}/24", "dev", "eth0"], check=True)
        subprocess.run(["ip", "-n", namespace, "address", "add", f"{moved}/24", "dev", "eth0"], check=True)
        wait(lambda: comes_in(tablet, moved, tmp_path), "the tablet comes in at the new address")
        assert certificates.Certificates(tmp_path / "access").authority.fingerprint == authority.fingerprint


def test_plain_http_is_an_explicit_setting(net: Lan, tmp_path: Path) -> None:
    """With tls = "off" the tablet is answered without encryption, and there is no page to trust anything."""
    with serving(net.server, tmp_path, BEDSIDE_SERVER_TLS="off"):
        wait(lambda: '"status"' in ask(net.tablets[0], f"http://{net.server.address}:8080/health").stdout, "it answers")
        assert "Failed to connect" in ask(net.tablets[0], f"http://{net.server.address}:8081/trust").stderr
    assert not (tmp_path / "access" / certificates.CA).exists()


async def test_a_name_that_another_machine_has_is_said(
    net: Lan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `bedside up` prints is the name that this machine has got, and the certificate holds for it."""
    other, tablet = net.tablets
    rival = Name("bedside", [other.address], 8080)
    with other.inside():
        await rival.open()

    def health() -> str:
        with serving(net.server, tmp_path):
            wait(lambda: comes_in(tablet, net.server.address, tmp_path), "the tablet comes in")
            with net.server.inside():
                invite(Settings(server=ServerSettings(interface="eth0"), folder=tmp_path), "up")
                argv = [sys.executable, "-m", "bedside", "access", "invite", "operator"]  # which has no --lan
                said = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
                assert "type it at https://bedside-2.local:8080/pair" in said
            known = ("--resolve", f"bedside-2.local:8080:{net.server.address}")
            trusting = ("--cacert", str(tmp_path / "access" / certificates.CA))
            return ask(tablet, "https://bedside-2.local:8080/health", *known, *trusting).stdout

    try:
        assert '"status"' in await asyncio.to_thread(health)
    finally:
        await rival.close()
    said = capsys.readouterr().out
    assert "bedside.local is another machine's name here; this one is bedside-2.local." in said
    assert "The page: https://bedside-2.local:8080/" in said
