"""What is done on the command line stands in the access log, too."""

import logging
import os
import pwd
from typing import Any

from bedside.cli.health import access_folder
from bedside.errors import AccessError
from bedside.settings import Settings

log = logging.getLogger(__name__)


def note(settings: Settings, deed: str, **about: Any) -> None:
    """One more line, by whoever is at the machine, with the name of his account. What he does goes on without it."""
    from bedside.access.log import AccessLog
    from bedside.access.role import Role, Who

    try:
        AccessLog(access_folder(settings)).write(Who(Role.ADMIN, "here"), deed, **about, account=account())
    except AccessError as error:
        log.error("the access log misses %s: %s", deed, error)


def account() -> str:
    """The name of this process's user on this machine, or his number where he has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container
        return str(os.getuid())
