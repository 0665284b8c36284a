"""What the page says in every state of the signal and of the engine."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.end_to_end.box import wait
from tests.page.conftest import Open
from tests.page.stand_in import ENGINE, VIEWS, StandIn
from tests.page.stand_in_session import RECORDING, RUNNING

BANDS = {
    "no_signal": ("No signal", "No signal from the scanner"),
    "stalled": ("Stalled", "The picture stands still: the box stopped delivering"),
    "unplugged": ("Unplugged", "HDMI box unplugged"),
    "ended": ("Ended", "The recording has come to its end"),
    "error": ("Error", "The source cannot be used"),
    "withheld": ("Withheld", "The picture is held back: names may show"),
    "offline": ("Broadcaster offline", "The broadcaster is not running - trying again"),
}


def expect_grey(page: Page, grey: bool) -> None:
    """The pictures are greyed and hatched, or come to be clear."""
    expect(page.locator("#stage.grey")).to_have_count(int(grey))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_live_and_research_use_only(open_page: Open, view: str) -> None:
    """A live picture is said to be live, with its age, and nothing lies over it."""
    page = open_page(view)
    expect(page.locator("#status")).to_contain_text("Live")
    expect(page.locator(".age-picture")).to_contain_text("ms")
    expect(page.locator(".ruo").first).to_be_visible()
    expect(page.locator(".ruo").first).to_have_text("Research use only")
    expect(page.locator(".band")).to_be_hidden()
    expect_grey(page, False)


@pytest.mark.parametrize("state", BANDS)
def test_a_lost_signal_greys_the_picture_and_says_why(open_page: Open, server: StandIn, state: str) -> None:
    """Each lost signal has its own word, sentence and sign; the sentence of the source stands with it."""
    page = open_page("explain")
    server.script.signal.update(state=state, message="because of the cable")
    word, sentence = BANDS[state]
    expect(page.locator(".band")).to_contain_text(sentence)
    expect(page.locator(".band")).to_contain_text("because of the cable")
    expect(page.locator("#status")).to_contain_text(word)
    expect(page.locator(".band .icon")).to_have_attribute("data-icon", state)
    expect_grey(page, True)
    expect(page.locator(".verdict.stale")).to_contain_text("Head")


PAINTED = """() => Math.max(...['large', 'small'].flatMap((name) => {
  const copy = new OffscreenCanvas(32, 32).getContext('2d', { willReadFrequently: true });
  copy.drawImage(document.querySelector(`canvas.${name}`), 0, 0, 32, 32);
  return [...copy.getImageData(0, 0, 32, 32).data].filter((_, place) => place % 4 < 3);
}))"""
"""The brightest of what is on both canvases, be they seen or not."""


@pytest.mark.parametrize("is_held", [False, True])
def test_what_is_held_back_never_comes_back(open_page: Open, server: StandIn, is_held: bool) -> None:
    """A picture in which names may show is gone from the page, also one that was just held and when the server goes."""
    page = open_page("explain")
    expect(page.locator("#status .age-answer b")).to_have_text(re.compile(r"\d"))
    assert page.evaluate(PAINTED) > 0
    if is_held:
        page.keyboard.press(" ")
        expect(page.locator(".held")).to_be_visible()
    server.script.signal["state"] = "withheld"
    expect(page.locator(".band")).to_contain_text("names may show")
    expect(page.locator(".held")).to_be_hidden()
    assert page.evaluate(PAINTED) == 0
    server.stop()
    expect(page.locator(".band")).to_contain_text("Connection lost")
    assert page.evaluate(PAINTED) == 0
    server.script.signal["state"] = "live"
    server.seq += 1000
    server.start()
    expect(page.locator(".band")).to_be_hidden()
    wait(lambda: page.evaluate(PAINTED) > 0, "new pictures are painted")


def test_signs_of_lost_signals_all_differ(open_page: Open) -> None:
    """No two states share a drawing."""
    page = open_page("video")
    drawings = page.evaluate(
        """async () => { const { icon } = await import('/page/icons.js'), { SIGNALS } = await import('/page/stale.js');
        return Object.values(SIGNALS).map((signal) => icon(signal.icon).innerHTML); }"""
    )
    assert len(set(drawings)) == len(drawings) == 9


def test_a_frozen_scanner_is_calm(open_page: Open, server: StandIn) -> None:
    """Frozen is said with its own sign, and the picture is not grey."""
    page = open_page("explain")
    server.script.signal["state"] = "frozen"
    expect(page.locator(".frozen")).to_be_visible()
    expect(page.locator(".frozen")).to_have_text("Frozen on the scanner")
    expect(page.locator("#status .signal .icon")).to_have_attribute("data-icon", "frozen")
    expect(page.locator(".band")).to_be_hidden()
    expect_grey(page, False)


def test_an_unknown_state_is_shown_as_such(open_page: Open, server: StandIn) -> None:
    """A server newer than the page names a state that the page does not know: grey, with its name."""
    page = open_page("video")
    server.script.signal["state"] = "upside_down"
    expect(page.locator(".band")).to_contain_text("upside_down")
    expect_grey(page, True)


@pytest.mark.parametrize("view", ["explain", "verdict", "monitor"])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("STARTING", "AI is starting"),
        ("NEW", "AI is starting"),
        ("FAILED", "AI failed"),
        ("DEAD", "AI is restarting"),
    ],
)
def test_an_engine_that_is_down_takes_the_place_of_the_verdict(
    open_page: Open, server: StandIn, view: str, state: str, words: str
) -> None:
    """No verdict stands there while the engine is down, but its state and its message, over a live picture."""
    page = open_page(view)
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    server.script.engines[0].update(state=state, message="killed by signal 9")
    expect(page.locator(".verdict .label")).to_have_text(words)
    expect(page.locator(".verdict .word")).to_contain_text("killed by signal 9")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "live")
    expect_grey(page, False)


def test_an_answer_that_grows_old_is_greyed_with_its_age(open_page: Open, server: StandIn) -> None:
    """A busy engine that does not answer: the verdict greys, its age is said and grows, the live picture is large."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    server.script.engines[0].update(state="BUSY", busy_ms=1500.0)
    expect(page.locator(".verdict.stale .age")).to_contain_text("computing for 1.5 s")
    first = page.text_content(".verdict .age")
    expect(page.locator(".verdict .age")).not_to_have_text(first or "")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "live")
    expect(page.locator(".tag")).to_contain_text("Live picture without AI")


def test_answers_that_come_back_are_current_again(open_page: Open, server: StandIn) -> None:
    """After an engine's pause the answered picture is large again and the verdict is not grey."""
    page = open_page("monitor")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    expect(page.locator(".verdict.stale")).to_be_visible()
    server.script.answers = True
    expect(page.locator(".verdict:not(.stale) .label")).to_have_text("Head")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")


def test_a_picture_that_comes_late_is_said_to_be_late(open_page: Open, server: StandIn) -> None:
    """The server is well and says live, but no picture arrives: after half a second the picture greys."""
    page = open_page("video")
    server.script.pictures = False
    expect(page.locator(".band")).to_contain_text("The picture is late")
    expect(page.locator("#status")).to_contain_text("Late")


def test_an_error_of_one_frame_is_said(open_page: Open, server: StandIn) -> None:
    """A model that raises: no verdict for this picture, and the model's own sentence."""
    page = open_page("explain")
    server.script.error = "ValueError: 3 channels expected, 1 found"
    expect(page.locator(".verdict .label")).to_have_text("No answer for this picture")
    expect(page.locator(".verdict .word")).to_have_text("ValueError: 3 channels expected, 1 found")


def test_no_engine_is_no_fault(open_page: Open, server: StandIn) -> None:
    """Without engines the live picture is large and the panel says that none is set."""
    server.script.engines = []
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("No AI engine is set")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "live")


def test_the_control_arm_sees_nothing_of_the_ai(open_page: Open, server: StandIn) -> None:
    """The view `video` asks for no answer, gets none, and has no word of one."""
    page = open_page("video")
    page.wait_for_timeout(600)
    assert all(want["answer"] == 0 for want in server.wants)
    assert all(painted["stream"] == "live" for painted in server.painted)
    words = page.inner_text("body")
    assert "AI" not in words
    assert "answer" not in words
    assert "Head" not in words


def test_a_recorder_and_losses_are_in_the_line(open_page: Open, server: StandIn) -> None:
    """The chip has the red dot and its time where somebody records; the line says how many frames the device lost."""
    server.script.session.running = dict(RUNNING)
    server.script.recorder = {**RECORDING, "recording_ms": 192_400}
    server.script.signal["drops"] = 17
    page = open_page("explain")
    expect(page.locator("#chip .time")).to_have_text("3:12")
    expect(page.locator("#status")).to_contain_text("17 lost")


def test_every_engine_is_named(open_page: Open, server: StandIn) -> None:
    """The answers of further engines stand under the first one's, one line each."""
    server.script.engines.append({**ENGINE, "name": "biometry"})
    page = open_page("explain")
    expect(page.locator(".others li")).to_contain_text("biometry: Head")
    page.click("#status")
    expect(page.locator("#details")).to_contain_text("AI biometry")


def test_another_engine_that_is_not_well_is_named_too(open_page: Open, server: StandIn) -> None:
    """One that never came up has a line that says so, and one that dies does not keep its last answer's tick."""
    server.script.engines.append({**ENGINE, "name": "broken", "state": "FAILED", "message": "no weights"})
    server.script.engines.append({**ENGINE, "name": "biometry"})
    server.script.mute = ["broken"]
    page = open_page("explain")
    lines = page.locator(".others li")
    expect(lines).to_have_text(["broken: AI failed", re.compile("biometry: Head")])
    server.script.mute = ["broken", "biometry"]
    server.script.engines[2]["state"] = "DEAD"
    expect(lines).to_have_text(["broken: AI failed", "biometry: AI is restarting"])
    assert lines.nth(1).locator(".icon").get_attribute("data-icon") == "restarting"
    expect(page.locator(".verdict .label")).to_have_text("Head")


def test_a_late_answer_of_another_engine_is_not_shown_as_new(open_page: Open, server: StandIn) -> None:
    """Its sign becomes that of what is late, as that of the first one does; the first one's stays."""
    server.script.engines.append({**ENGINE, "name": "biometry"})
    page = open_page("explain")
    line = page.locator(".others li")
    expect(line).to_contain_text("biometry: Head")
    expect(line).not_to_have_class("stale")
    server.script.mute = ["biometry"]
    expect(line.locator(".icon")).to_have_attribute("data-icon", "late")
    expect(line).to_have_class("stale")
    expect(page.locator(".verdict")).not_to_have_class(re.compile("stale"))


def test_an_engine_that_waits_for_its_turn_says_so(open_page: Open, server: StandIn) -> None:
    """It is neither late nor dead: what it waits for stands where the verdict is, over the live picture."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    server.script.engines[0].update(waits=True, message="waits for a frozen picture")
    expect(page.locator(".verdict .label")).to_have_text("AI waits for a frozen picture")
    expect(page.locator(".verdict .word")).to_contain_text("last answer")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "live")
    expect_grey(page, False)


def test_the_answer_to_a_frozen_picture_stays_current(open_page: Open, server: StandIn) -> None:
    """While it holds it does not grow old; once the scanner is frozen anew, it is not taken for the new answer."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    server.script.signal["state"] = "frozen"
    server.script.engines[0].update(holds=True)
    page.wait_for_timeout(1800)
    expect(page.locator(".verdict:not(.stale) .label")).to_have_text("Head")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")
    server.script.engines[0].update(holds=False)
    expect(page.locator(".verdict.stale")).to_be_visible()


def test_an_engine_that_rests_is_not_late(open_page: Open, server: StandIn) -> None:
    """With an interval of a minute an answer of some seconds is current, also the very first one."""
    server.script.engines[0].update(rest_ms=60_000)
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    page.wait_for_timeout(1800)
    expect(page.locator(".verdict:not(.stale) .label")).to_have_text("Head")


def test_replicas_and_losses_are_in_the_details(open_page: Open, server: StandIn) -> None:
    """How many frames were passed over, how many answers were late, and how many replicas are well."""
    server.script.engines[0].update(late=3, passed_over=40, replicas=4, replicas_well=2)
    page = open_page("explain")
    page.click("#status")
    expect(page.locator("#details")).to_contain_text("passed over 40, answered too late 3")
    expect(page.locator("#details")).to_contain_text("2 of 4 well")
