"""The demo in containers of a real Docker engine."""

import hashlib
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.end_to_end.box import free_ports, wait
from tests.end_to_end.conftest import tablet  # noqa: F401 - a fixture
from tests.engine.docked import RIG, need_docker, run

from bedside.network.certificates import CA
from bedside.network.interfaces import addresses_of

ROOT = Path(__file__).parents[2]
SERVICES = ("broadcast", "record", "serve", "engine-pcbm")
PROJECT = "bedside-test"
BRIDGE = "docker0"
BACK_S = 90
"""How long the whole may take to be there again; containers start one after the other on a busy machine."""
pytestmark = [pytest.mark.timeout(600), pytest.mark.chromium]


@dataclass(frozen=True)
class Stack:
    """Everything of compose.yaml, in a folder of its own."""

    folder: Path
    port: int
    trust_port: int
    token: str

    @property
    def url(self) -> str:
        """The page, with the token."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def health(self) -> dict[str, Any]:
        """What /health says; empty when nobody answers."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/health", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except (OSError, ValueError, http.client.HTTPException):  # such as half an answer of one that ends
            return {}

    @property
    def access(self) -> Path:
        """Where certificates and devices are."""
        return self.folder / "deploy" / "compose" / "access"

    def write(self, *words: str) -> None:
        """`bedside compose` with these words. Health is looked at each second, so that nobody waits for Docker."""
        config, output = self.folder / "deploy" / "compose" / "bedside.toml", self.folder / "compose.yaml"
        argv = [sys.executable, "-m", "bedside", "--config", str(config), "compose", "--output", str(output), *words]
        done = subprocess.run(argv, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        text = output.read_text(encoding="utf-8")
        output.write_text(text.replace('interval: "5s"', 'interval: "1s"'), encoding="utf-8")

    def wait_until_well(self, what: str) -> None:
        """Wait until all is well and new answers come; where they do not, show what each container says."""

        def answers() -> int:
            count: int = self.health.get("engines", {}).get("pcbm", {}).get("answers", 0)
            return count

        before = answers()
        try:
            wait(lambda: self.health.get("status") == "ok" and answers() not in (0, before), what, BACK_S)
        except BaseException:
            print(self.health, self.compose("ps"), self.compose("logs", "--tail", "30"), sep="\n")
            raise

    def wait_until_called(self, state: str, service: str) -> None:
        """Wait until Docker's health check calls a service healthy or unhealthy."""
        wait(lambda: self.inspect(service, ".State.Health.Status") == state, f"{service} is {state}")

    def compose(self, *words: str) -> str:
        """What docker-compose says."""
        command = ["docker-compose", "-p", PROJECT, "-f", str(self.folder / "compose.yaml"), *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def id(self, service: str) -> str:
        """The container of a service."""
        return run("ps", "-aq", "--filter", f"name=^{PROJECT}_{service}_1$")

    def inspect(self, service: str, what: str) -> str:
        """One thing that Docker knows of a service's container."""
        return run("inspect", "--format", "{{" + what + "}}", self.id(service))

    def kill(self, service: str) -> None:
        """kill -9 of its first process, which is no stop that Docker was asked for; it is started again."""
        before = int(self.inspect(service, ".RestartCount"))
        subprocess.run(["kill", "-9", self.inspect(service, ".State.Pid")], check=True)
        wait(lambda: int(self.inspect(service, ".RestartCount")) > before, f"{service} is started again")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, doing its job; its images are built first, which takes minutes where no layer of them is there."""
    need_docker()
    if shutil.which("docker-compose") is None:
        pytest.skip("no docker-compose is here; tests/rigs/docker-engine build installs it")
    folder = tmp_path_factory.mktemp("stack")
    shutil.copytree(ROOT / "engines" / "pcbm", folder / "engines" / "pcbm")
    config = folder / "deploy" / "compose" / "bedside.toml"
    config.parent.mkdir(parents=True)
    port, trust_port = free_ports(2)
    demo = (ROOT / "deploy" / "compose" / "bedside.toml").read_text(encoding="utf-8")
    config.write_text(
        f"{demo}\ndeadline_s = 4.0\n[server]\nport = {port}\ntrust_port = {trust_port}\n", encoding="utf-8"
    )
    token = "a-secret-of-this-test"
    (folder / ".env").write_text(f"BEDSIDE_SERVER_TOKEN={token}\n", encoding="utf-8")  # what stands there is kept
    found = Stack(folder, port, trust_port, token)
    found.write("--build")
    try:
        found.compose("up", "-d")
        found.wait_until_well("the stack does its job")
        yield found
    finally:
        found.compose("down", "-v", "--timeout", "3")


def test_pages_show_picture_and_answers(stack: Stack, tablet: Page) -> None:  # noqa: F811
    """Chromium opens the page of the server's container: new answers are painted, each on its frame."""
    tablet.goto(stack.url)
    tablet.wait_for_selector("canvas.large[data-stream=answer]")
    seq = tablet.evaluate("document.querySelector('canvas.large').dataset.seq")
    tablet.wait_for_function("n => Number(document.querySelector('canvas.large').dataset.seq) > n + 10", arg=int(seq))
    assert tablet.locator(".verdict .label").first.text_content()


def test_health_checks_are_green(stack: Stack) -> None:
    """Docker calls every container healthy, and the verb says the same."""
    for service in SERVICES:
        stack.wait_until_called("healthy", service)
    said = stack.compose("exec", "-T", "serve", "python3", "-m", "bedside", "health", "serve")
    assert said == "it does its job"


def test_an_engine_has_no_network_and_no_rights(stack: Stack) -> None:
    """From inside: one interface, the loopback; no capability; a root that takes no file; an ordinary user."""
    look = (
        "import os, socket; print([n for _, n in socket.if_nameindex()], os.getuid() > 0, "
        "[l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')], os.access('/', os.W_OK))"
    )
    said = run("exec", stack.id("engine-pcbm"), "python3", "-c", look)
    assert said == "['lo'] True ['0000000000000000'] False"


def test_each_writes_what_is_its_own_and_nothing_else(stack: Stack) -> None:
    """Presets, sessions and access may be written by those whose they are; the settings by nobody."""
    places = ("presets", "sessions", "access", ".")
    look = f"import os; print([p for p in {places} if os.access('/srv/bedside/settings/' + p, os.W_OK)])"
    for service, own in (("broadcast", ["presets"]), ("record", ["sessions"]), ("serve", ["sessions", "access"])):
        assert run("exec", stack.id(service), "python3", "-c", look) == str(own), service


def test_what_is_killed_comes_back(stack: Stack) -> None:
    """kill -9 of each container's process: it is started again, the whole does its job, and Docker calls it healthy."""
    for service in SERVICES:
        stack.kill(service)
        stack.wait_until_well(f"all is well after {service} was killed")
    for service in SERVICES:
        stack.wait_until_called("healthy", service)


def test_a_paused_engine_is_said_and_goes_on(stack: Stack, tablet: Page) -> None:  # noqa: F811
    """docker pause hangs it: page, /health and Docker's check say so; after unpause it answers by itself."""
    tablet.goto(stack.url)
    tablet.wait_for_selector("canvas.large[data-stream=answer]")
    container = stack.id("engine-pcbm")
    run("pause", container)
    try:
        wait(lambda: any("pcbm" in problem for problem in stack.health.get("problems", ())), "/health says it")
        tablet.get_by_text("AI is restarting").first.wait_for()
        stack.wait_until_called("unhealthy", "serve")
    finally:
        run("unpause", container)
    stack.wait_until_well("it answers again")
    tablet.wait_for_function("() => document.querySelector('#status').textContent.includes('Live')")


def test_full_shared_memory_is_said_and_it_recovers(stack: Stack) -> None:
    """No room for the ring: /health says how much it needs; once there is room, pictures come by themselves."""
    fill = "dd if=/dev/zero of=/dev/shm/filler bs=1M 2>/dev/null; truncate -s -1M /dev/shm/filler"
    users = ("broadcast", "record", "serve")  # what they have mapped would be free once the ring is a new one
    stack.compose("stop", *users)
    stack.compose("exec", "-T", "engine-pcbm", "sh", "-c", fill)
    try:
        stack.compose("start", *users)
        wait(lambda: "MB of shared memory" in json.dumps(stack.health), "it is said")
    finally:
        stack.compose("exec", "-T", "engine-pcbm", "rm", "/dev/shm/filler")
    stack.wait_until_well("it goes on")


def test_it_comes_back_with_the_docker_daemon(stack: Stack) -> None:
    """After the daemon has stopped and started, as at a power cut, everything runs again and nobody has touched it."""
    stopped = subprocess.run([RIG, "stop"], capture_output=True, text=True)
    if stopped.returncode == 2:
        pytest.skip(stopped.stderr.strip())
    assert stopped.returncode == 0, stopped.stderr
    assert not stack.health
    subprocess.run([RIG, "build"], check=True, capture_output=True)
    stack.wait_until_well("the stack does its job again")
    for service in SERVICES:
        stack.wait_until_called("healthy", service)


def test_tablets_come_in_encrypted_at_one_address(stack: Stack) -> None:
    """`bedside compose --lan`: pages hold for that address and NAME.local by the authority that the trust page shows,
    a code printed in the container pairs a tablet, and at no other address anybody answers."""
    if not (own := addresses_of(BRIDGE)):
        pytest.skip(f"no interface {BRIDGE}, which is this machine's address on Docker's own network")
    address, pages = own[0], f"https://{own[0]}:{stack.port}"
    stack.write("--lan", BRIDGE)
    stack.compose("up", "-d")
    stack.wait_until_called("healthy", "serve")
    trusting = ssl.create_default_context(cafile=stack.access / CA)
    for name in (address, "bedside.local"):
        with socket.create_connection((address, stack.port)) as plain:
            trusting.wrap_socket(plain, server_hostname=name).close()
    for port in (stack.port, stack.trust_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))

    with urllib.request.urlopen(f"http://{address}:{stack.trust_port}/trust.json") as answer:
        facts = json.load(answer)
    authority = ssl.PEM_cert_to_DER_cert((stack.access / CA).read_text(encoding="ascii"))
    assert facts["fingerprint"].replace(":", "") == hashlib.sha256(authority).hexdigest().upper()
    assert facts["urls"] == [f"https://bedside.local:{stack.port}", pages]

    said = stack.compose("exec", "-T", "serve", "bedside", "access", "invite", "viewer", "--label", "tablet at bed 2")
    assert f"{pages}/pair" in said
    assert f"http://{address}:{stack.trust_port}/trust" in said
    assert facts["fingerprint"][:47] in said
    browser = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor()
    )
    with pytest.raises(urllib.error.HTTPError, match="401"):
        browser.open(f"{pages}/api/state")
    code = re.search(r"Code (\S+)", said)
    assert code
    asked = json.dumps({"code": code[1]}).encode()
    headers = {"Content-Type": "application/json", "Origin": pages}
    browser.open(urllib.request.Request(f"{pages}/api/pair", data=asked, headers=headers)).close()
    with browser.open(f"{pages}/api/state") as answer:
        assert answer.status == 200
