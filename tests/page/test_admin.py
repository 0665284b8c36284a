"""The page of the machine, and the line of alerts on everybody's page, in Chromium."""

import json
from copy import deepcopy
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect
from tests.page.stand_in import StandIn

ALARM = {"id": "disk", "level": "alarm", "about": "recording", "sentence": "The disk is full.", "do": "Move sessions."}
PROCESS = {"name": "record", "state": "running", "since_wall_ns": 1, "restarts": 1, "keeps_dying": False, "pid": 7}
PROCESS |= {"memory_bytes": 45_000_000, "cpu_s": 1.0, "cpu_percent": 3.0}
NOW: dict[str, Any] = {
    "words": "All is well.",
    "alerts": [],
    "now_wall_ns": 200_000_000_000,
    "since_wall_ns": 0,
    "supervised": True,
    "processes": [{**PROCESS, "ends": [{"wall_ns": 1, "why": "was killed by SIGKILL"}]}],
    "signal": {"state": "live", "message": "", "age_ms": 20, "fps": 30, "width": 640, "height": 480, "drops": 0},
    "engines": [],
    "recorder": None,
    "viewers": {},
    "disk": {"free_bytes": 5e10, "total_bytes": 1e11, "reserve_bytes": 2e9, "sessions": 3, "sessions_bytes": 1e9}
    | {"recording_left_s": 36000},
    "machine": {"temperatures": [], "memory_bytes": 8e9, "memory_free_bytes": 4e9, "load": 0.5, "cores": 4},
    "certificate_ends_wall_ns": None,
    "logs": ["serve"],
}
DEED = {"at": "2026-11-23T10:00:00+00:00", "role": "operator", "id": "d1", "label": "tablet", "deed": "snapshot"}
SAID: dict[str, Any] = {
    "/api/admin": NOW,
    "/api/admin/versions": {"versions": {"bedside": "0.1.0", "engines": {}}, "settings": {"preset": ""}},
    "/api/admin/log/serve": {"name": "serve", "lines": ["<b>one</b>", "two"]},
    "/api/access": {"devices": [{"id": "d1", "label": "tablet", "role": "operator"}], "you": "here", "problem": ""},
    "/api/access/log": {"deeds": [DEED]},
}


def _open(browser: Browser, server: StandIn, said: dict[str, Any], width: int = 820, *, clock: bool = False) -> Page:
    """The page, with a server that says this; an address that is not in `said` cannot be reached. `clock` is ours."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    if clock:
        page.clock.install()

    def answer(route: Route) -> None:
        body = said.get(route.request.url.split("?")[0].removeprefix(server.url.rstrip("/")))
        if body is None:
            route.abort()
        else:
            route.fulfill(body=json.dumps(body), content_type="application/json")

    page.route("**/api/**", answer)
    page.goto(f"{server.url.rstrip('/')}/page/admin.html")
    return page


def test_one_glance_tells_that_all_is_well(browser: Browser, server: StandIn) -> None:
    """The words, each process with why it ended, disk, devices, the access log; nothing is wider than a phone."""
    page = _open(browser, server, SAID, 390)
    expect(page.locator("#glance")).to_contain_text("All is well.")
    expect(page.locator("#processes")).to_contain_text("was killed by SIGKILL")
    expect(page.locator("#machine")).to_contain_text("50.0 GB of 100 GB free")
    expect(page.locator("#machine")).to_contain_text("this machine tells none")
    expect(page.locator("#devices")).to_contain_text("tablet")
    expect(page.locator("#access")).to_contain_text("tablet (operator): snapshot")
    expect(page.locator("body")).to_contain_text("Research use only")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#log-names button").click()
    expect(page.locator("#log")).to_have_text("<b>one</b>\ntwo")
    page.close()


def test_an_alarm_stands_first_with_what_to_do(browser: Browser, server: StandIn) -> None:
    """The first line is the gravest sentence, in the colour of alarms."""
    said = deepcopy(SAID)
    said["/api/admin"] |= {"alerts": [ALARM], "words": "The disk is full."}
    page = _open(browser, server, said)
    expect(page.locator("#glance[data-level=alarm] strong")).to_have_text("The disk is full.")
    expect(page.locator("#alerts")).to_contain_text("Move sessions.")
    page.close()


def test_a_page_whose_server_is_gone_says_so(browser: Browser, server: StandIn) -> None:
    """It greys what it shows and says how old that is, and is well again when the server is back."""
    said = deepcopy(SAID)
    page = _open(browser, server, said, clock=True)
    expect(page.locator("#glance")).to_contain_text("All is well.")
    now = said.pop("/api/admin")
    page.clock.run_for(9000)
    expect(page.locator("body.is-stale #glance")).to_contain_text("The server does not answer")
    said["/api/admin"] = now
    page.clock.run_for(2500)
    expect(page.locator("body:not(.is-stale) #glance")).to_contain_text("All is well.")
    page.close()
