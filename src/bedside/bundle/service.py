"""How Bedside is started at boot and called by a person: the systemd unit, its environment, and `bin/bedside`."""

import os
from pathlib import Path

from bedside.bundle import machine
from bedside.bundle.prefix import Prefix

UNIT = "bedside.service"
UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""There while systemd runs this machine (sd_booted(3))."""
LINK = Path("/usr/local/bin/bedside")
OPTIONS = "service.env"
"""Beside the data, not in them: root's shell reads it, and the service may write all data."""
THE_ONLY = """
import sys
from bedside.cli.invitation import the_only
from bedside.errors import SettingsError
from bedside.network.interfaces import networks
try:
    print(the_only(networks()))
except SettingsError as error:
    sys.exit(str(error))
"""
"""Asked of the installed Bedside, which knows networks."""
COMMAND = """\
#!/bin/sh
# Bedside as it is installed here, with its own settings; as the user who owns these, but to install.
export XDG_CACHE_HOME='{prefix}/cache'
if [ -r '{prefix}/service.env' ]; then
    set -a
    . '{prefix}/service.env'
    set +a
fi
verb=
for word in "$@"; do
    case $word in -*) ;; *) verb=$word; break ;; esac
done
owner=$(stat -c %U '{prefix}/data')
if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$verb" != install ]; then
    exec setpriv --reuid "$owner" --regid "$(id -g "$owner")" --init-groups \\
        '{prefix}/current/venv/bin/bedside' --config '{prefix}/data/bedside.toml' "$@"
fi
exec '{prefix}/current/venv/bin/bedside' --config '{prefix}/data/bedside.toml' "$@"
"""


def has_systemd() -> bool:
    """Whether this machine starts its services by systemd, and we may add one."""
    return RUNNING.is_dir() and os.geteuid() == 0


def unit_text(template: str, prefix: Prefix, groups: list[str]) -> str:
    """The unit for this installation; `groups` are those of the capture device and, where engines need it, Docker."""
    return template.replace("@PREFIX@", str(prefix.folder)).replace("@GROUPS@", " ".join(groups))


def write_unit(prefix: Prefix, name: str) -> None:
    """Write the unit of this version and have it start at boot."""
    template = (prefix.versions / name / "deploy" / "systemd" / UNIT).read_text(encoding="utf-8")
    _write(UNITS / UNIT, unit_text(template, prefix, machine.groups()))
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", UNIT)


def is_written(prefix: Prefix) -> bool:
    """Whether a unit starts this installation."""
    path = UNITS / UNIT
    return has_systemd() and path.exists() and f"{prefix.folder}/" in path.read_text(encoding="utf-8")


def write_options(prefix: Prefix, version: Path, interface: str) -> None:
    """Let tablets in by this network interface, from the next start on; empty is the only one that has an address.

    All that runs from here is told so, the service and what a person types. Raises BundleError.
    """
    interface = interface or machine.run(str(version / "venv" / "bin" / "python"), "-I", "-c", THE_ONLY).strip()
    _write(prefix.folder / OPTIONS, f"BEDSIDE_SERVER_INTERFACE={interface}\n")


def write_command(prefix: Prefix) -> None:
    """Write `bin/bedside`, and a link to it on the PATH where nothing else has that name."""
    path = prefix.folder / "bin" / "bedside"
    path.parent.mkdir(exist_ok=True)
    _write(path, COMMAND.format(prefix=prefix.folder), 0o755)
    if (
        os.geteuid() == 0
        and LINK.parent.is_dir()
        and str(prefix.folder) == "/opt/bedside"
        and not os.path.lexists(LINK)
    ):
        LINK.symlink_to(path)


def is_linked(prefix: Prefix) -> bool:
    """Whether a person may just type `bedside`."""
    return LINK.is_symlink() and LINK.readlink() == prefix.folder / "bin" / "bedside"


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(mode)
    fresh.replace(path)
