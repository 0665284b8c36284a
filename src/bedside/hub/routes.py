"""Every address of every application, and who may ask it at least: the one table (docs/reference/roles.md).

An application with an address that is not in here does not start.
"""

from collections.abc import Mapping

from aiohttp import hdrs, web

from bedside.access.role import Role
from bedside.errors import BedsideError

ANYBODY = None
VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN
Route = tuple[str, str]
"""Method and address, as the application is given it."""

ONE = "/api/sessions/{session}"
LEAST: Mapping[Route, Role | None] = {
    # open to anybody: what a stranger's tablet needs to become ours, and the word of /health
    ("GET", "/health"): ANYBODY,
    ("GET", "/pair"): ANYBODY,
    ("POST", "/api/pair"): ANYBODY,
    ("GET", "/trusted"): ANYBODY,  # says nothing: whether a tablet trusts the certificate
    ("GET", "/page"): ANYBODY,  # style sheets, scripts and icons: the same in every installation
    # what is to be seen now
    ("GET", "/"): VIEWER,
    ("GET", "/view/{name}"): VIEWER,
    ("GET", "/live"): VIEWER,
    ("GET", "/metrics"): VIEWER,
    ("GET", "/api/openapi.json"): VIEWER,
    ("GET", "/api/state"): VIEWER,
    ("GET", "/api/session"): VIEWER,
    ("GET", "/api/spacing"): VIEWER,
    ("GET", "/api/best"): VIEWER,
    ("GET", "/api/best/{name}.png"): VIEWER,
    ("GET", "/api/best/{name}.jpg"): VIEWER,
    # running a scan
    ("GET", "/api/control"): OPERATOR,
    ("POST", "/api/control"): OPERATOR,
    ("POST", "/api/snapshot"): OPERATOR,
    ("GET", "/api/snapshots"): OPERATOR,
    ("GET", "/api/snapshots/{name}.png"): OPERATOR,
    ("POST", "/api/session/start"): OPERATOR,
    ("POST", "/api/session/end"): OPERATOR,
    ("POST", "/api/session/record"): OPERATOR,
    ("POST", "/api/spacing"): OPERATOR,
    ("POST", "/api/spacing/remove"): OPERATOR,
    ("POST", "/api/intervention"): OPERATOR,
    ("POST", "/api/feedback"): OPERATOR,
    ("GET", "/questionnaire/{session}/{name}"): OPERATOR,
    ("GET", "/api/questionnaires/{name}"): OPERATOR,
    ("POST", f"{ONE}/questionnaires/{{name}}"): OPERATOR,
    # what was kept
    ("GET", "/review"): OPERATOR,
    ("GET", "/review/{session}"): OPERATOR,
    ("GET", "/api/sessions"): OPERATOR,
    ("GET", ONE): OPERATOR,
    ("GET", f"{ONE}/frames"): OPERATOR,
    ("GET", f"{ONE}/timeline"): OPERATOR,
    ("GET", f"{ONE}/results"): OPERATOR,
    ("GET", f"{ONE}/video/{{number}}"): OPERATOR,
    ("GET", f"{ONE}/frame/{{row}}.jpg"): OPERATOR,
    ("GET", f"{ONE}/frame/{{row}}.png"): OPERATOR,
    ("GET", f"{ONE}/items"): OPERATOR,
    ("GET", f"{ONE}/items/{{kind}}/{{name}}.png"): OPERATOR,
    ("GET", f"{ONE}/items/{{kind}}/{{name}}.mp4"): OPERATOR,
    ("GET", f"{ONE}/notes"): OPERATOR,
    ("POST", f"{ONE}/notes"): OPERATOR,
    ("POST", f"{ONE}/delete"): ADMIN,
    # what of the picture may be shown
    ("GET", "/setup"): ADMIN,
    ("GET", "/api/setup"): ADMIN,
    ("POST", "/api/setup"): ADMIN,
    ("POST", "/api/setup/open"): ADMIN,
    ("POST", "/api/setup/propose"): ADMIN,
    ("GET", "/api/setup/picture"): ADMIN,
    # who may do what
    ("GET", "/admin"): ADMIN,
    ("GET", "/api/admin"): ADMIN,
    ("GET", "/api/admin/versions"): ADMIN,
    ("GET", "/api/admin/log/{name}"): ADMIN,
    ("GET", "/api/admin/support"): ADMIN,
    ("GET", "/api/access"): ADMIN,
    ("GET", "/api/access/log"): ADMIN,
    ("POST", "/api/access/invite"): ADMIN,
    ("POST", "/api/access/revoke"): ADMIN,
}

DEEDS: Mapping[Route, str] = {
    ("POST", "/api/snapshot"): "snapshot",
    ("GET", "/api/snapshots/{name}.png"): "see snapshot",
    ("POST", "/api/control"): "control",
    ("POST", "/api/session/start"): "session start",
    ("POST", "/api/session/end"): "session end",
    ("POST", "/api/session/record"): "session record",
    ("POST", "/api/spacing"): "spacing",
    ("POST", "/api/spacing/remove"): "spacing",
    ("POST", "/api/intervention"): "intervention",
    ("POST", "/api/feedback"): "feedback",
    ("POST", f"{ONE}/questionnaires/{{name}}"): "questionnaire",
    ("GET", "/api/sessions"): "list sessions",
    ("GET", ONE): "open review",
    ("GET", f"{ONE}/results"): "see results",
    ("GET", f"{ONE}/video/{{number}}"): "see video",
    ("GET", f"{ONE}/frame/{{row}}.jpg"): "see frames",
    ("GET", f"{ONE}/frame/{{row}}.png"): "see frames",
    ("GET", f"{ONE}/items/{{kind}}/{{name}}.png"): "see snapshot",
    ("GET", f"{ONE}/items/{{kind}}/{{name}}.mp4"): "see video",
    ("POST", f"{ONE}/notes"): "note",
    ("GET", "/api/access/log"): "see access log",
    ("GET", "/admin"): "open admin page",
    ("GET", "/api/admin/log/{name}"): "see log",
    ("GET", "/api/admin/support"): "support file",
}
"""What the access log calls a request that was granted. Others are not in it, or write their line themselves."""

MEANT_FOR = {VIEWER: "any paired tablet", OPERATOR: "operators and admins", ADMIN: "admins"}


def route_of(request: web.Request) -> Route:
    """Method and address of what is asked; the address is empty where there is nothing."""
    method = "GET" if request.method == hdrs.METH_HEAD else request.method
    resource = request.match_info.route.resource
    return method, resource.canonical if resource is not None else ""


def least(route: Route) -> Role | None:
    """Who may ask it at least. Where there is nothing a stranger learns just that it is not for him."""
    return LEAST.get(route, ADMIN if route[1] else VIEWER)


async def check_routes(app: web.Application) -> None:
    """Raises BedsideError for an address that nobody said who may ask it."""
    for route in app.router.routes():
        known = "GET" if route.method == hdrs.METH_HEAD else route.method
        address = route.resource.canonical if route.resource is not None else ""
        if (known, address) not in LEAST:
            raise BedsideError(
                f"{known} {address} is not in hub/routes.py; add it to LEAST with the role that may ask it"
            )
