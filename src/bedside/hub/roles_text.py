"""docs/reference/roles.md, written from the table: `python -m bedside.hub.roles_text > docs/reference/roles.md`."""

import sys

from bedside.access.role import Role
from bedside.hub.routes import DEEDS, LEAST

HEAD = """\
# Roles and addresses

Who may ask what. This page is written from the table that the server goes by (`src/bedside/hub/routes.py`). A test
holds the two together, and tries every line with a device of each role. A server with an address that is not in the
table does not start. A *stranger* has no role: he gets 401, or a browser the page where a code is typed. A device whose
role is too small gets 403, and a sentence that says which one is needed. [Pair and revoke
tablets](../howto/let-tablets-in.md).

The last column is the deed in the [access log](../decisions/0018-access.md), where there is one. Pairing, signing in,
opening and closing a page, inviting, revoking, setting up and deleting write their lines, too, and so do whatever was
refused and what is done with sessions and devices on the command line.

| method | address | stranger | viewer | operator | admin | in the access log |
| --- | --- | --- | --- | --- | --- | --- |
"""


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(_row(route, least) for route, least in LEAST.items())


def _row(route: tuple[str, str], least: Role | None) -> str:
    may = ["yes" if least is None else "", *("yes" if least is None or role >= least else "" for role in Role)]
    return f"| {route[0]} | `{route[1]}` | {' | '.join(may)} | {DEEDS.get(route, '')} |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
