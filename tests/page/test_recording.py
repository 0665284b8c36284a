"""The record dot, the alarm, and recording on and off from the page."""

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import VIEWS, StandIn
from tests.page.stand_in_session import RECORDER, RECORDING, RUNNING

FAILED = {**RECORDER, "state": "failed", "message": "the disk has 1.9 GB left"}
GONE = {**RECORDER, "state": "gone", "message": "no recorder runs"}
SIZES = {"phone": (390, 844), "tablet": (1180, 820)}
WORDS = """async (cases) => {
  const { recordingOf, spaceOf } = await import("/page/recording.js");
  return cases.map((state) => {
    const { kind, word } = recordingOf(state);
    return [kind, word, spaceOf(state?.recorder)];
  });
}"""


def record(server: StandIn, recorder: dict[str, object], **session: object) -> None:
    """A session runs, and the recorder says so."""
    server.script.session.running = {**RUNNING, **session}
    server.script.recorder = dict(recorder)


def font(page: Page, selector: str) -> float:
    """Size of letters, px."""
    return float(page.eval_on_selector(selector, "node => parseFloat(getComputedStyle(node).fontSize)"))


def test_the_dot_is_large_where_a_person_works_and_small_elsewhere(open_page: Open, server: StandIn) -> None:
    """A view has the red dot with its time: 28 px or more with controls, smaller without; who is scanned beside."""
    record(server, RECORDING)
    for view in ("video", "monitor"):
        settings, page = VIEWS[view], open_page(view)
        expect(page.locator("#chip .time")).to_have_text("3:07")
        expect(page.locator("#chip")).to_contain_text("P1")
        assert page.eval_on_selector("#chip .dot", "dot => getComputedStyle(dot).backgroundColor") == "rgb(255, 59, 59)"
        assert (font(page, "#chip .time") >= 28) == settings["controls"]
        assert page.locator("#chip").is_enabled() == settings["controls"]
        page.close()


def test_who_is_scanned_is_whole_on_a_phone(open_page: Open, server: StandIn) -> None:
    """However much was lost, the code beside the dot is not cut, and does not touch the words next to it."""
    record(server, {**RECORDING, "losses": 5278})
    page = open_page("explain", size=SIZES["phone"])
    expect(page.locator("#chip .losses")).to_have_text("5278 lost")
    code, words = page.locator("#chip .code").bounding_box(), page.locator(".top .ruo").bounding_box()
    assert code and words
    assert code["x"] + code["width"] + 8 <= words["x"]
    assert page.eval_on_selector("#chip", "chip => chip.scrollWidth <= chip.clientWidth")


def test_what_is_not_recorded_is_said_quietly(open_page: Open, server: StandIn) -> None:
    """Without a session there is no red and no alarm; where the server is silent, nobody claims to record."""
    page = open_page("video")
    expect(page.locator("#chip")).to_contain_text("Not recorded")
    expect(page.locator("#alarm")).to_be_hidden()
    record(server, RECORDING)
    expect(page.locator("#chip .time")).to_have_text("3:07")
    server.script.silent = True
    expect(page.locator("#chip")).to_contain_text("Recording not known")
    expect(page.locator("#chip")).to_have_attribute("data-kind", "unknown")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", ["explain", "monitor"])
def test_a_failed_recording_is_loud_and_hides_nothing(open_page: Open, server: StandIn, view: str, size: str) -> None:
    """The alarm has the whole width and the recorder's sentence; it lies over neither picture nor verdict."""
    record(server, FAILED)
    page = open_page(view, SIZES[size])
    alarm = page.locator("#alarm")
    expect(alarm).to_contain_text("Not recording")
    expect(alarm).to_contain_text("The disk has 1.9 GB left")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.wait_for_timeout(250)
    box = alarm.bounding_box()
    assert box is not None
    assert box["width"] == SIZES[size][0]
    assert box["height"] >= 48
    for other in ("canvas.large", ".verdict", "#controls"):
        rest = page.locator(other).bounding_box()
        assert rest is None or rest["y"] >= box["y"] + box["height"] - 0.5, other
    expect(page.locator(".verdict .label")).to_be_in_viewport(ratio=1)


def test_a_recorder_that_is_gone_alarms_only_where_it_is_wanted(open_page: Open, server: StandIn) -> None:
    """Nobody asked for video: quiet. Somebody did: loud, until it is back."""
    record(server, GONE, recording=False)
    page = open_page("explain")
    expect(page.locator("#chip")).to_contain_text("Not recorded")
    expect(page.locator("#alarm")).to_be_hidden()
    record(server, GONE, recording=True)
    expect(page.locator("#alarm")).to_contain_text("No recorder runs")
    record(server, RECORDING)
    expect(page.locator("#alarm")).to_be_hidden()


def test_what_cannot_be_kept_is_loud_too(open_page: Open, server: StandIn) -> None:
    """The video is well, and the session's results cannot be written."""
    record(server, RECORDING, problem="results cannot be written: the disk is full")
    page = open_page("explain")
    expect(page.locator("#alarm")).to_contain_text("Results cannot be written: the disk is full")


def test_losses_are_shown_when_there_are_any(open_page: Open, server: StandIn) -> None:
    """None: no word. Some: their number beside the time."""
    record(server, RECORDING)
    page = open_page("explain")
    expect(page.locator("#chip .losses")).to_be_hidden()
    record(server, {**RECORDING, "losses": 12})
    expect(page.locator("#chip .losses")).to_have_text("12 lost")


def test_video_goes_off_and_on_while_the_scan_goes_on(open_page: Open, server: StandIn) -> None:
    """By key and by button; each is one request, the dot follows, and pictures go on."""
    record(server, RECORDING)
    page = open_page("explain")
    expect(page.locator("#chip .time")).to_have_text("3:07")
    page.keyboard.press("r")
    expect(page.locator("#chip")).to_contain_text("Not recorded")
    page.click("#chip")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#chip .time")).to_have_text("3:07")
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    asked = [body for path, body in server.posts if path == "/api/session/record"]
    assert asked == [{"on": False}, {"on": True}]
    before = server.painted[-1]["seq"]
    page.wait_for_function("before => Number(document.querySelector('canvas.large').dataset.seq) > before", arg=before)


def test_the_key_opens_the_session_where_none_runs(open_page: Open, server: StandIn) -> None:
    """Nothing can be recorded without one, so the form comes."""
    page = open_page("explain")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Start session")).to_be_visible()
    assert server.posts == []


def test_each_state_has_its_words(open_page: Open) -> None:
    """Pure: what the server says, and what the page makes of it; room in hours once the bytes tell something."""
    session = {**RUNNING, "recording": True}
    waiting, odd = {**RECORDER, "state": "waiting"}, {**RECORDER, "state": "odd"}
    long, tight = {**RECORDING, "recording_ms": 3_729_000}, {**RECORDING, "free_bytes": 900_000_000}
    told = [
        (None, ["unknown", "Recording not known", ""]),
        ({"recorder": None, "session": None}, ["off", "Not recorded", ""]),
        ({"recorder": RECORDER, "session": None}, ["off", "Not recorded", "180 GB free"]),
        ({"recorder": waiting, "session": session}, ["waiting", "Waiting", "180 GB free"]),
        ({"recorder": RECORDER, "session": session}, ["waiting", "Waiting", "180 GB free"]),
        ({"recorder": long, "session": session}, ["recording", "1:02:09", "room for more than 200 hours"]),
        ({"recorder": RECORDING, "session": session}, ["recording", "3:07", "room for 104 hours"]),
        ({"recorder": tight, "session": session}, ["recording", "3:07", "room for 31 minutes"]),
        ({"recorder": odd, "session": None}, ["off", "Not recorded", "180 GB free"]),
    ]
    said = open_page("video").evaluate(WORDS, [state for state, _ in told])
    assert said == [expected for _, expected in told]
