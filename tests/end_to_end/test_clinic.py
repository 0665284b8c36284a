"""docs/start/clinic.md, carried out as it is written: a real bundle, and a machine that has no network at all."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.end_to_end.box import wait
from tests.network_namespaces import why_not

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "start" / "clinic.md").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy" / "systemd" / "bedside.service").read_text(encoding="utf-8")
MACHINE = """
mount --make-rprivate /
mount --bind "$1/opt" /opt
mount --bind "$1/bin" /usr/local/bin
mount -t tmpfs tmpfs /dev/shm
[ ! -d /run/systemd ] || mount -t tmpfs tmpfs /run/systemd
ip link set lo up
ip link add lan0 type bridge && ip address add 10.9.8.7/24 dev lan0 && ip link set lan0 up
echo ready
exec sleep infinity
"""
"""A machine that shares this one's programs, and has a disk of its own for what is installed, and no way out."""


FINDS_TEXT = """
import cv2, numpy as np
from bedside.cli.text_finder import text_finder
from bedside.settings import Settings
picture = np.full((720, 1280, 3), 16, np.uint8)
cv2.putText(picture, "MILLER ANNA 12.03.1990", (100, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (220,) * 3, 2)
print(len(text_finder(Settings())(picture)), "found")
"""
"""What the setup page does for its masks."""


def blocks() -> list[str]:
    """The page's commands, in order."""
    return re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Machine:
    """The machine in the clinic."""

    pid: int
    folder: Path

    def argv(self, command: str) -> list[str]:
        """What runs a command there, as root, who has no need of sudo; `bedside up` is told what the unit tells it."""
        within = ["nsenter", f"--target={self.pid}", "--net", "--mount", f"--wd={self.folder}"]
        path = f"/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:{Path(sys.base_prefix) / 'bin'}"
        clean = ["env", "-i", f"PATH={path}", "HOME=/root"]
        return [*within, *clean, "bash", "-euc", f'sudo() {{ "$@"; }}\n{command}']

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """One block of the page."""
        return subprocess.run(self.argv(command), capture_output=True, text=True, timeout=300)

    @contextmanager
    def powered(self) -> Iterator[None]:
        """From power-on, when systemd starts the unit, to the plug being pulled: everything ends at once."""
        (command,) = re.findall(r"^ExecStart=(.*)", UNIT, re.MULTILINE)
        cache = "export XDG_CACHE_HOME=/opt/bedside/cache; set -a\n"
        cache += ". /opt/bedside/service.env 2>/dev/null || true\n"
        start = f"{cache}cd /opt/bedside/data; exec {command.replace('@PREFIX@', '/opt/bedside')}"
        with (self.folder / "service.log").open("ab") as log:
            service = subprocess.Popen(self.argv(start), stdout=log, stderr=log, start_new_session=True)
        try:
            yield
        finally:
            for pid in self.pids():
                with suppress(ProcessLookupError):  # its parent's end has ended it
                    os.kill(pid, signal.SIGKILL)
            service.wait(30)

    def pids(self) -> list[int]:
        """All processes of the machine but the one that holds it."""
        net = Path(f"/proc/{self.pid}/ns/net").readlink()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if (path / "ns" / "net").readlink() == net and int(path.name) != self.pid:
                    found.append(int(path.name))
            except OSError:
                continue
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """One that nothing was ever installed on; skips where namespaces cannot be made."""
    lacking = why_not() or ("" if shutil.which("nsenter") and shutil.which("unshare") else "unshare and nsenter")
    if lacking:
        pytest.skip(f"{lacking}: a machine without a network cannot be made here")
    for name in ("opt", "bin", "home"):
        (tmp_path / name).mkdir()
    holds = subprocess.Popen(
        ["unshare", "--net", "--mount", "bash", "-euc", MACHINE, "machine", tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert holds.stdout is not None
        said = holds.stdout.readline()
        if said.strip() != "ready":
            pytest.skip(f"mount namespaces: {said}{holds.stdout.read()}")
        yield Machine(holds.pid, tmp_path / "home")
    finally:
        holds.kill()
        holds.communicate()


@pytest.mark.timeout(300)  # on a machine that does other things, too
def test_from_the_stick_to_the_pulled_plug(machine: Machine, tmp_path: Path) -> None:
    """Each command of the page succeeds; it answers after power-on, and again after the plug was pulled."""
    make, install, status, lan, invite, again = blocks()
    office = tmp_path / "office"
    office.mkdir()
    (office / "engines").symlink_to(ROOT / "engines")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    made = subprocess.run(["bash", "-euc", make], cwd=office, env=environ, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    digest = re.findall(r"SHA-256 (\w{64})", made.stdout)
    shutil.move(office / "bedside.pyz", machine.folder)

    done = machine.run(install)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert re.findall(r"SHA-256 (\w{64})", done.stdout) == digest
    assert "is installed in /opt/bedside and comes up" in done.stdout
    finder = "XDG_CACHE_HOME=/opt/bedside/cache /opt/bedside/current/venv/bin/python -"
    assert "1 found" in machine.run(f"{finder} <<'END'\n{FINDS_TEXT}END").stdout
    with machine.powered():
        wait(lambda: "READY" in machine.run(status).stdout, "the engine is ready", 120)
    done = machine.run(lan)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    with machine.powered():
        wait(lambda: "READY" in machine.run(status).stdout, "back after the plug was pulled", 120)
        assert "type it at https://bedside.local:8080/pair" in machine.run(invite).stdout
        log = machine.folder / "service.log"  # of systemd, the journal
        wait(lambda: re.search(r"http://10\.9\.8\.7:8081/trust\n.*SHA-256:\n +\S+", log.read_text()), "the way in", 30)
        said = machine.run(f"{again.replace('bedside status', 'bedside status || true')}").stdout
    assert re.search(r"^\* 0\.\S+-\w{12}  installed", said, re.MULTILINE)
