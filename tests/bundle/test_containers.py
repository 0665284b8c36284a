"""An installation that runs in containers of a real Docker engine, with a Bedside of a few lines."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bundle.small import bundle
from tests.bundle.small import run as run_bundle
from tests.engine.docked import BASE, need_docker, run

from bedside import cli
from bedside.bundle import containers
from bedside.bundle.prefix import Prefix

PROJECT = "bedside-bundle-test"
TAG = "bedside-small:0"
STATUS = json.dumps({"health": {"status": "ok"}})


@pytest.fixture
def prefix(tmp_path: Path) -> Iterator[Path]:
    """A place to install to, whose containers have a name of their own."""
    need_docker()
    folder = tmp_path / "opt"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / ".env").write_text(f"{containers.PROJECT}={PROJECT}\n", encoding="utf-8")
    try:
        yield folder
    finally:
        ids = run("ps", "-aq", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
        subprocess.run(["docker", "rm", "-f", *ids], capture_output=True)
        tags = [
            tag for tag in run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").splitlines() if "small" in tag
        ]
        subprocess.run(["docker", "image", "rm", "-f", *tags], capture_output=True)
        subprocess.run(["docker", "network", "rm", f"{PROJECT}_default"], capture_output=True)


def image(folder: Path, version: str, *, is_broken: bool = False) -> Path:
    """A saved image that knows its version, and after saving is not on this machine any more.

    It has a shell and three programs of this machine's with their libraries, so that it is small.
    """
    root = folder / f"root-{version}"
    for program in ("sh", "sleep", "env", "false"):
        path = shutil.which(program)
        assert path is not None
        needs = re.findall(r"(/\S+) \(0x", run_here("ldd", path))
        for file in (path, *needs):
            place = root / file.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    command = root / "usr" / "bin" / "bedside"
    command.write_text(f"#!{shutil.which('sh')}\necho '{STATUS}'\n", encoding="utf-8")
    command.chmod(0o755)
    run_here("tar", "-C", str(root), "-cf", str(folder / "root.tar"), ".")
    what = '["false"]' if is_broken else '["sleep", "600"]'
    changes = ["--change", f"CMD {what}", "--change", f"ENV VERSION={version}"]
    run("import", *changes, str(folder / "root.tar"), TAG)
    file = folder / f"image-{version}.tar"
    run("save", "-o", str(file), TAG)
    run("image", "rm", "-f", TAG)
    return file


def run_here(*argv: str) -> str:
    """What a program of this machine prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def runs() -> str:
    """The version whose container runs, by its environment."""
    ids = run("ps", "-q", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
    return "".join(re.findall(r"^VERSION=(.*)", run("exec", *ids, "env"), re.MULTILINE)) if ids else ""


def test_containers_are_installed_updated_and_taken_back(
    prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the file alone; a version that does not come up gives way to the one that ran, by its own images."""
    for version in ("1.0", "1.1"):
        done = run_bundle(bundle(tmp_path, version, image=image(tmp_path, version)), "install", "--prefix", prefix)
        assert done.returncode == 0, done.stderr
        assert "It runs in containers, now and after every start" in done.stdout
        assert runs() == version
    broken = bundle(tmp_path, "1.2", image=image(tmp_path, "1.2", is_broken=True))
    done = run_bundle(broken, "install", "--prefix", prefix)
    assert done.returncode == 1
    assert re.search(r"1\.2-\w+ does not come up: .*; back to 1\.1-\w+, which runs as before", done.stderr)
    assert runs() == "1.1"
    assert cli.main(["install", "--rollback", "--prefix", str(prefix)]) == 0
    assert (runs(), Prefix(prefix).current_name[:3]) == ("1.0", "1.0")
    capsys.readouterr()


def test_images_of_a_version_that_is_gone_go_with_it(prefix: Path, tmp_path: Path) -> None:
    """Those of others stay."""
    need_docker()
    for name in ("1.0-a", "1.1-a"):
        (tmp_path / name).mkdir()
        run("tag", BASE, TAG)
        containers.keep_images(tmp_path / name, (TAG,))
    containers.remove_images("1.0-a")
    left = run("image", "ls", "--format", "{{.Tag}}", "bedside-small").splitlines()
    assert sorted(left) == ["0", "1.1-a"]


def test_processes_and_containers_do_not_take_each_others_place(prefix: Path, tmp_path: Path) -> None:
    """A folder in which Bedside runs as processes refuses a bundle with containers, and changes nothing."""
    assert run_bundle(bundle(tmp_path, "1.0"), "install", "--prefix", prefix, "--no-service").returncode == 0
    done = run_bundle(bundle(tmp_path, "1.1", image=image(tmp_path, "1.1")), "install", "--prefix", prefix)
    assert done.returncode == 1
    assert "runs without containers, and this version does not; choose another --prefix" in done.stderr
    assert Prefix(prefix).current_name.startswith("1.0-")
