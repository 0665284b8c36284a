"""The docker command of this machine: asked in short questions, its refusals told in sentences that say what to do."""

import re
import shutil
import subprocess

from bedside.clock import NS_PER_S, monotonic_ns
from bedside.errors import BuildFailed

PATIENCE_S = 30.0
REMOVAL_S = 20.0
INSTEAD = "give the engine python or requirements instead of an image"
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def program() -> str:
    """The absolute name of the docker command. Raises BuildFailed when there is none."""
    found = shutil.which("docker")
    if found is None:
        raise BuildFailed(
            f"there is no docker on this machine; install Docker Engine (Debian: apt install docker.io), or {INSTEAD}"
        )
    return found


def ask(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What docker says to a question that takes no time, whatever its exit status; blocks.

    Raises BuildFailed when there is no docker here, no daemon, or none that lets us in or answers.
    """
    try:
        asked = subprocess.run(
            [program(), *arguments],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(
            f"the Docker daemon has not answered for {PATIENCE_S:g} s; start it anew: sudo systemctl restart docker"
        ) from error
    if asked.returncode and (sentence := trouble(asked.stderr)):
        raise BuildFailed(sentence)
    return asked


def trouble(said: str) -> str:
    """What is wrong with the daemon, by what docker has said; empty when nothing is."""
    text = said.lower()
    if "permission denied" in text and "daemon socket" in text:
        return "you may not use Docker; sudo usermod -aG docker $USER, then log in again"
    if "cannot connect to the docker daemon" in text or "error during connect" in text:
        return "the Docker daemon does not run; start it: sudo systemctl start docker"
    if "error waiting for container" in text and "eof" in text:
        return "the Docker daemon went away while the container ran; once it is back, the engine starts again"
    return ""


def platform_of(image: str) -> str:
    """What an image on this machine was made for, such as linux/amd64; empty when there is no such image here.

    Raises BuildFailed as `ask`.
    """
    return ask("image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", image).stdout.strip()


def remove(name: str) -> None:
    """Remove the container of that name, running or not, if there is one; blocks until it is gone.

    Raises BuildFailed as `ask`, and when it cannot be removed.
    """
    end_ns = monotonic_ns() + int(REMOVAL_S * NS_PER_S)
    while monotonic_ns() < end_ns:
        if not ask("ps", "--all", "--quiet", "--filter", f"name=^/{name}$").stdout.strip():
            return
        said = ask("rm", "--force", "--volumes", name).stderr  # may be "in progress" already: it is looked again
    raise BuildFailed(
        f"the container {name} of an earlier start cannot be removed: {last_line(said)}; docker rm -f {name}"
    )


def was_out_of_memory(name: str, since_ns: int, until_ns: int) -> bool:
    """Whether the kernel ended something in the container of that name between two wall times, for lack of memory."""
    times = ("--since", f"{since_ns / NS_PER_S:.9f}", "--until", f"{until_ns / NS_PER_S:.9f}")
    filters = ("--filter", f"container={name}", "--filter", "event=oom")
    try:
        return bool(ask("events", *times, *filters).stdout.strip())
    except BuildFailed:
        return False  # the daemon is gone: nobody knows


def last_line(said: str) -> str:
    """The last line that says something, of bounded length, without colours and docker's own hints."""
    lines = [line.strip() for line in ESCAPES.sub("", said).splitlines()]
    telling = [line for line in lines if line and "docker run --help" not in line and not line.startswith("Usage:")]
    return telling[-1][:300] if telling else "nothing"
