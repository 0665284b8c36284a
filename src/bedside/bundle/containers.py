"""Bedside in containers on the target: its images, the Compose file beside the data, and what runs of it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bedside.bundle import machine
from bedside.bundle.prefix import Prefix
from bedside.errors import BundleError

TAGS = "containers.json"
"""In a version's folder: the tags by which its Compose file calls its images."""
PROJECT = "COMPOSE_PROJECT_NAME"
MOST_RESTARTS = 5
"""One that waits for another ends some times before it is well."""


def program() -> list[str]:
    """How Compose is called here. Raises BundleError when it or Docker is not there, or does not run."""
    machine.run("docker", "version", "--format", "{{.Server.Version}}")
    if not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise BundleError("this bundle runs in containers, and there is no Compose here; install Docker's Compose plugin")


def keep_images(version: Path, tags: tuple[str, ...]) -> None:
    """Give the images that were loaded a second name, which no other version takes from them."""
    for tag in tags:
        machine.run("docker", "tag", tag, _kept(tag, version.name))
    (version / TAGS).write_text(json.dumps(tags), encoding="utf-8")


def is_for(version: Path) -> bool:
    """Whether this version runs in containers."""
    return (version / TAGS).exists()


def use_images(version: Path) -> None:
    """Have the names in the Compose file mean this version's images."""
    for tag in json.loads((version / TAGS).read_text(encoding="utf-8")):
        machine.run("docker", "tag", _kept(tag, version.name), tag)


def remove_images(name: str) -> None:
    """Remove the images of a version that is gone; layers that others need stay."""
    known = machine.run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
    ours = [tag for tag in known if tag.startswith("bedside-") and tag == _kept(tag, name)]
    if ours:
        machine.run("docker", "image", "rm", *ours)


def start(prefix: Prefix) -> None:
    """Write the Compose file of the current version's settings, and make all containers anew. Raises BundleError."""
    secrets = prefix.data / ".env"
    if not secrets.exists() or PROJECT not in secrets.read_text(encoding="utf-8"):
        with secrets.open("a", encoding="utf-8") as opened:
            opened.write(f"{PROJECT}=bedside\n")
        secrets.chmod(0o600)
    machine.run(str(prefix.folder / "bin" / "bedside"), "-q", "compose", "--output", str(_file(prefix)))
    _compose(prefix, "up", "-d", "--force-recreate", "--remove-orphans")


def status(prefix: Prefix) -> dict[str, Any]:
    """What `bedside status --json` says in the server's container, with the containers as its processes."""
    if not _file(prefix).exists():
        return {}
    try:
        ids = _compose(prefix, "ps", "-q").split()
        states = json.loads(machine.run("docker", "inspect", *ids)) if ids else []
    except BundleError:  # such as a container that went between the two
        return {}
    said = machine.said(*_command(prefix), "exec", "-T", "serve", "bedside", "status", "--json") if ids else ""
    health = json.loads(said).get("health") if said.startswith("{") else None
    return {"health": health, "processes": [_process(state) for state in states]}


def _process(state: dict[str, Any]) -> dict[str, Any]:
    service = state["Config"]["Labels"]["com.docker.compose.service"]
    return {
        "name": service.replace("engine-", "engine ", 1),
        "state": state["State"]["Status"],
        "keeps_dying": state["RestartCount"] > MOST_RESTARTS,
        "message": state["State"]["Error"] or f"docker logs {state['Name'].lstrip('/')} says why",
    }


def _compose(prefix: Prefix, *words: str) -> str:
    return machine.run(*_command(prefix), *words)


def _command(prefix: Prefix) -> list[str]:
    return [*program(), "-f", str(_file(prefix)), "--project-directory", str(prefix.data)]


def _file(prefix: Prefix) -> Path:
    return prefix.data / "compose.yaml"


def _kept(tag: str, name: str) -> str:
    return f"{tag.rpartition(':')[0]}:{name.replace('+', '-')}"
