"""Steering the phantom's probe from the page: the pad, the keys, and what the page must not do with them."""

import time
from copy import deepcopy

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open, fitted
from tests.page.stand_in import PROBE, StandIn
from tests.page.test_pictures import until

SIZES = {"phone": (390, 844), "portrait": (820, 1180), "tablet": (1180, 820)}


@pytest.fixture(autouse=True)
def steered(server: StandIn) -> None:
    """The source is a probe that can be moved."""
    server.script.can_control, server.script.probe = True, deepcopy(PROBE)


def commands(server: StandIn) -> list[str]:
    """What the source was asked for."""
    return [body["command"] for path, body in server.posts if path == "/api/control"]


def wait_for(page: Page, server: StandIn, *expected: str) -> None:
    """Until the source was asked for exactly this."""
    for _ in range(100):
        if commands(server) == list(expected):
            return
        page.wait_for_timeout(30)
    assert commands(server) == list(expected)


def opened(open_page: Open, size: str = "tablet", view: str = "explain") -> Page:
    """A page with its pad, which knows where the probe is."""
    page = open_page(view, SIZES[size])
    page.get_by_role("button", name="Probe", exact=True).click()
    expect(page.locator("#probe .place")).to_have_text("24 mm right, 61 mm up")
    return page


@pytest.mark.parametrize("view", ["explain", "monitor"])
def test_without_a_probe_or_without_controls_there_is_no_pad(open_page: Open, server: StandIn, view: str) -> None:
    """A real scanner, and a view without controls, are steered by nobody: no button, no key, no line in the help."""
    if view == "explain":
        server.script.probe = None
    page = open_page(view)
    expect(page.locator("#status")).to_contain_text("Live")
    for key in ("p", "ArrowRight", "1", "0"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(page.get_by_text("this help")).to_be_visible()
    expect(page.get_by_text("move the probe")).to_be_hidden()
    expect(page.locator("#probe")).to_be_hidden()
    expect(page.get_by_role("button", name="Probe", exact=True)).to_be_hidden()
    assert commands(server) == []


def test_every_button_of_the_pad_is_a_command(open_page: Open, server: StandIn) -> None:
    """Moves, angles and knobs step; planes, sweep and freeze are said as they are."""
    page = opened(open_page)
    expected = {
        "Move up": "up 2",
        "Move down": "up -2",
        "Move left": "right -2",
        "Move right": "right 2",
        "Rotate on": "rotate 2",
        "Tilt back": "tilt -1",
        "Rock on": "rock 2",
        "More depth": "depth 10",
        "Less gain": "gain -2",
        "Cervix": "go cervix",
        "Sweep": "sweep on",
        "Freeze": "freeze",
    }
    for number, name in enumerate(expected, 1):
        page.locator("#probe").get_by_role("button", name=name, exact=True).click()
        wait_for(page, server, *list(expected.values())[:number])
    page.get_by_role("button", name="New anatomy").click()
    until(page, lambda: len(commands(server)) == len(expected) + 1, "another anatomy")
    verb, seed = commands(server)[-1].split()
    assert verb == "anatomy" and 0 <= int(seed) < 10_000


def test_keys_steer_with_the_pad_and_without_it(open_page: Open, server: StandIn) -> None:
    """Each key does what the help says of it; P opens and closes the pad, and inside of it keys steer too."""
    page = open_page("explain")
    expect(page.get_by_role("button", name="Probe", exact=True)).to_be_visible()
    expected = []
    keys = {"ArrowUp": "up 2", "e": "rotate 2", "w": "tilt 1", "PageDown": "tilt -1", "j": "rock -2", "]": "depth 10"}
    for key, command in {**keys, ",": "gain -2", "1": "go head", "3": "go femur", "0": "sweep on"}.items():
        page.keyboard.press(key)
        expected.append(command)
        wait_for(page, server, *expected)
    page.keyboard.press("p")
    expect(page.locator("#probe")).to_be_visible()
    page.keyboard.press("q")
    wait_for(page, server, *expected, "rotate -2")
    page.keyboard.press("p")
    expect(page.locator("#probe")).to_be_hidden()


def test_space_on_the_pad_presses_its_button(open_page: Open, server: StandIn) -> None:
    """It does not hold the picture there, as it does everywhere else."""
    page = opened(open_page)
    page.get_by_role("button", name="Tilt on").focus()
    page.keyboard.press("Space")
    wait_for(page, server, "tilt 1")
    assert server.holds == []


def test_steps_add_up_while_one_is_under_way(open_page: Open, server: StandIn) -> None:
    """One request at a time: what was pressed meanwhile is one step of the whole length, and each axis has its own."""
    server.script.may_obey.clear()
    page = open_page("explain")
    expect(page.get_by_role("button", name="Probe", exact=True)).to_be_visible()
    for key in ("ArrowRight",) * 5 + ("ArrowLeft", "w"):
        page.keyboard.press(key)
    wait_for(page, server, "right 2")
    server.script.may_obey.set()
    wait_for(page, server, "right 2", "right 6", "tilt 1")


def test_a_plane_makes_waiting_steps_pointless(open_page: Open, server: StandIn) -> None:
    """Going somewhere forgets the steps before it; the newest goal wins."""
    server.script.may_obey.clear()
    page = open_page("explain")
    expect(page.get_by_role("button", name="Probe", exact=True)).to_be_visible()
    for key in ("w", "w", "1", "2", "ArrowUp"):
        page.keyboard.press(key)
    wait_for(page, server, "tilt 1")
    server.script.may_obey.set()
    wait_for(page, server, "tilt 1", "go abdomen", "up 2")


def test_a_button_that_is_held_goes_on(open_page: Open, server: StandIn) -> None:
    """Until the finger leaves it: then the probe comes to rest."""

    def moved() -> int:
        return sum(int(command.removeprefix("tilt ")) for command in commands(server))

    page = opened(open_page)
    page.get_by_role("button", name="Tilt on").hover()
    page.mouse.down()
    until(page, lambda: moved() >= 6, "six steps")
    page.mouse.up()
    reads = [moved()]
    while len(reads) < 2 or reads[-1] != reads[-2]:
        assert len(reads) < 10, "it goes on"
        page.wait_for_timeout(300)
        reads.append(moved())


def test_a_refusal_is_said_and_ends_what_waits(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """In the server's own words, once, whatever was pressed meanwhile."""
    server.script.refuse = "the source is not open"
    page = open_page("explain")
    page.keyboard.press("w")
    expect(page.locator("#toasts")).to_contain_text("The probe did not obey: the source is not open")
    assert commands(server) == ["tilt 1"]
    faults.clear()  # the browser notes refused requests


def test_where_the_probe_is_is_asked_for_while_somebody_looks(open_page: Open, server: StandIn) -> None:
    """At most five times a second while the pad is open, and not at all when it is closed."""
    page = opened(open_page)
    asked, began_s = server.offers, time.monotonic()
    until(page, lambda: server.offers >= asked + 4, "four questions more")
    assert time.monotonic() - began_s > 0.58, "three gaps of 0.2 s lie between four questions"
    assert server.script.probe is not None
    server.script.probe["pose"]["x_mm"] = 7.0
    expect(page.locator("#probe .place")).to_have_text("7 mm left, 61 mm up")
    expect(page.locator("#probe .angles")).to_have_text("rotate −14° · tilt 12° · rock −3°")
    page.keyboard.press("Escape")
    expect(page.locator("#probe")).to_be_hidden()
    later: list[str] = []
    page.on("request", lambda request: later.append(request.url))
    painted = len(server.painted)
    until(page, lambda: len(server.painted) > painted + 25, "the pictures of about a second")
    assert later == []


def test_the_way_is_shown_when_somebody_asks_and_is_the_phantoms(open_page: Open) -> None:
    """The truth is hidden at first, and nobody can take it for what the AI says."""
    page = opened(open_page)
    truth = page.locator("#probe .truth")
    expect(truth).to_be_hidden()
    page.get_by_role("button", name="Show the way").click()
    expect(truth).to_contain_text("The phantom's truth, not the AI's")
    expect(truth).to_contain_text("The picture shows head, not standard.")
    expect(truth).to_contain_text("Head: 12 mm and 8° away. Next: tilt −6")
    page.get_by_role("button", name="Hide the way").click()
    expect(truth).to_be_hidden()


def test_what_was_true_is_not_said_once_the_phantom_is_away(open_page: Open, server: StandIn) -> None:
    """A truth of a minute ago beside another picture would be a lie; it is back with the phantom."""
    page = open_page("explain")
    page.keyboard.press("p")
    pad, probe = page.locator("#probe"), {**deepcopy(PROBE), "is_sweeping": True, "is_frozen": True}
    where, pressed = pad.locator(".probe-map"), pad.locator('.deeds [aria-pressed="true"]')
    server.script.probe = probe
    pad.get_by_role("button", name="Show the way").click()
    for _ in range(2):
        expect(pad.locator(".truth")).to_contain_text("The picture shows")
        expect(where.locator(".probe-mark")).to_be_visible()
        expect(where).to_have_attribute("aria-label", "The probe stands 24 mm right and 61 mm up of the middle")
        expect(pressed).to_have_text(["Sweep", "Unfreeze"])
        server.script.probe = None
        expect(pad.locator(".place")).to_have_text("The phantom is not there")
        expect(pad.locator(".truth")).not_to_contain_text("The picture shows")
        expect(pad.locator(".angles")).to_be_empty()
        expect(where.locator(".probe-mark")).to_be_hidden()
        expect(where).to_have_attribute("aria-label", "Nobody knows where the probe stands")
        expect(pressed).to_have_count(0)
        expect(pad.locator(".deeds")).to_contain_text("Freeze")
        server.script.probe = probe


def test_sweep_and_freeze_say_how_they_are(open_page: Open, server: StandIn) -> None:
    """Pressed while they are on; pressed again they end."""
    page = opened(open_page)
    sweep = page.locator("#probe").get_by_role("button", name="Sweep")
    sweep.click()
    expect(sweep).to_have_attribute("aria-pressed", "true")
    sweep.click()
    expect(sweep).to_have_attribute("aria-pressed", "false")
    assert server.script.probe is not None
    server.script.probe["is_frozen"] = True
    page.locator("#probe").get_by_role("button", name="Unfreeze").click()
    wait_for(page, server, "sweep on", "sweep off", "unfreeze")


@pytest.mark.parametrize("size", SIZES)
def test_the_pad_leaves_the_verdict_in_sight_and_fits_fingers(open_page: Open, size: str) -> None:
    """Each button is 44 px or more, nothing sticks out to the side, the verdict and the picture stay as they were."""
    page = opened(open_page, size)
    page.get_by_role("button", name="Show the way").click()
    width, _ = SIZES[size]
    sheet = page.locator("#probe").bounding_box()
    verdict = page.locator(".verdict .label").bounding_box()
    picture = page.locator("canvas.large").bounding_box()
    assert sheet is not None and verdict is not None and picture is not None
    assert verdict["y"] + verdict["height"] <= sheet["y"]
    assert sheet["x"] >= picture["x"] + picture["width"] - 1 or sheet["y"] >= picture["y"] + picture["height"] - 1
    for button in page.locator("#probe button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, button.inner_text()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, button.inner_text()
    assert page.evaluate("() => document.querySelector('#probe .sheet-body').scrollWidth") <= sheet["width"]


@pytest.mark.parametrize("size", ["phone", "tablet"])
def test_without_a_panel_the_picture_makes_room(open_page: Open, size: str) -> None:
    """Who steers sees the whole picture, in a view without the AI too."""
    page = opened(open_page, size, "video")
    fitted(page)
    sheet, picture = (page.locator(name).bounding_box() for name in ("#probe", "canvas.large"))
    assert sheet is not None and picture is not None
    beside = picture["x"] + picture["width"] <= sheet["x"] + 1
    above = picture["y"] + picture["height"] <= sheet["y"] + 1
    assert beside or above
