"""What an installation asks of the machine: a user, and Docker for the engines that run in containers."""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bedside.bundle.prefix import Prefix
from bedside.errors import BundleError

USER = "bedside"


def give_to_user(prefix: Prefix) -> None:
    """Make the user that the service runs as, where there is none, and give it the data and nothing else."""
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        run("useradd", "--system", "--user-group", "--home-dir", str(prefix.data), "--shell", "/usr/sbin/nologin", USER)
        user = pwd.getpwnam(USER)
    for path in [prefix.data, *prefix.data.rglob("*")]:
        with suppress(FileNotFoundError):  # the version that runs may remove its files meanwhile
            if path.lstat().st_uid != user.pw_uid:
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    prefix.data.chmod(0o750)


def groups() -> list[str]:
    """What the service belongs to, of what this machine has: the capture device is video's, containers are docker's."""
    return [name for name in ("video", "docker") if name in {group.gr_name for group in grp.getgrall()}]


def load_image(chunks: Iterator[bytes]) -> None:
    """Hand an image to Docker. Raises BundleError."""
    program = shutil.which("docker")
    if program is None:
        raise BundleError("this bundle holds containers, and there is no docker on this machine; install Docker Engine")
    with subprocess.Popen(
        [program, "load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        try:
            for data in chunks:
                load.stdin.write(data)
            load.stdin.close()
        except BrokenPipeError:
            pass  # what it says tells why
        said = load.stdout.read().decode(errors="replace").strip()
    if load.returncode:
        raise BundleError(f"docker load failed: {said.splitlines()[-1] if said else 'it says nothing'}")


def run(*argv: str) -> str:
    """What a program prints. Raises BundleError when it fails or is not there."""
    program = shutil.which(argv[0]) or next((str(p) for p in (Path("/usr/sbin") / argv[0],) if p.exists()), argv[0])
    try:
        done = subprocess.run(
            [program, *argv[1:]], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        raise BundleError(f"{argv[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise BundleError(f"{' '.join(argv)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def said(*argv: str) -> str:
    """What a program prints, whatever its exit status says."""
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=30)
    return done.stdout
