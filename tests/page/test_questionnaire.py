"""The questionnaire's page: whatever is asked, answered by finger or key, and sent whole or not at all."""

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import StandIn
from tests.page.stand_in_session import LIKERT, LOAD, RUNNING

PHONE = (390, 844)
PATH = f"/api/sessions/{RUNNING['name']}/questionnaires/"


def asking(open_page: Open, server: StandIn, name: str) -> Page:
    """A phone with a questionnaire."""
    server.script.session.questionnaires = [LIKERT, LOAD]
    page = open_page("video", PHONE, painted=False)
    page.goto(f"{server.url}/questionnaire/{RUNNING['name']}/{name}")
    return page


def test_answers_of_buttons_are_sent_and_thanked_for(open_page: Open, server: StandIn) -> None:
    """Progress counts, each answer is a number, thanks come without a score, and the next questionnaire is offered."""
    page = asking(open_page, server, "trust")
    expect(page.locator("#title")).to_have_text("Trust in the AI")
    expect(page.locator("#progress")).to_have_text("0 of 2")
    expect(page.locator(".ruo")).to_have_text("Research use only")
    expect(page.locator("main")).to_contain_text("Strongly disagree")
    page.get_by_role("radio", name="4", exact=True).first.check()
    page.get_by_role("radio", name="7, Always").check()
    expect(page.locator("#progress")).to_have_text("2 of 2")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Thank you")
    expect(page.locator("main")).not_to_contain_text("3.5")
    assert server.posts == [(f"{PATH}trust", {"answers": {"q1": 4, "q2": 7}})]
    page.get_by_role("link", name="Next: Task load").click()
    expect(page.locator("#title")).to_have_text("Task load")


def test_a_slider_counts_once_it_is_touched(open_page: Open, server: StandIn) -> None:
    """A fine scale is a slider: its middle is no answer, a key moves it by its step, and a tap in the middle counts."""
    page = asking(open_page, server, "load")
    sliders = page.get_by_role("slider")
    expect(sliders).to_have_count(2)
    expect(page.locator("output").first).to_have_text("–")
    sliders.first.press("ArrowRight")
    expect(page.locator("output").first).to_have_text("55")
    sliders.last.click()
    expect(page.locator("output").last).to_have_text("50")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Thank you")
    assert server.posts == [(f"{PATH}load", {"answers": {"mental": 55, "effort": 50}})]
    expect(page.get_by_role("link")).to_have_text(["Back to the scan"])


def test_what_is_missing_is_marked_and_said(open_page: Open, server: StandIn) -> None:
    """Nothing is sent; the question without an answer is marked, in sight and focused."""
    page = asking(open_page, server, "trust")
    page.get_by_role("radio", name="1, Strongly disagree").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("One question has no answer yet")
    expect(page.locator(".item-asked.missing")).to_have_count(1)
    expect(page.locator(".item-asked.missing")).to_contain_text("Not answered yet")
    expect(page.locator(".item-asked.missing legend")).to_be_in_viewport(ratio=1)
    assert server.posts == []
    page.get_by_role("radio", name="2", exact=True).last.check()
    expect(page.locator(".item-asked.missing")).to_have_count(0)


def test_answers_stay_where_the_server_cannot_keep_them(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The server's sentence stands there, the answers too, and sending again works."""
    page = asking(open_page, server, "trust")
    page.get_by_role("radio", name="1, Strongly disagree").check()
    page.get_by_role("radio", name="1, Never").check()
    server.script.refuse = "the disk is full"
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("The disk is full")
    server.script.refuse = ""
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Thank you")
    faults.clear()  # the browser notes the refused request


def test_a_questionnaire_that_is_not_there_is_said(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The server's sentence, and no empty page."""
    page = asking(open_page, server, "nothing")
    expect(page.get_by_role("alert")).to_have_text("There is no such questionnaire")
    faults.clear()  # the browser notes the refused request


@pytest.mark.parametrize("size", [PHONE, (1180, 820)])
def test_it_fits_and_can_be_touched(open_page: Open, server: StandIn, size: tuple[int, int]) -> None:
    """Seven steps beside each other on a phone, each 38 px wide and 44 px high or more; nothing sticks out."""
    page = asking(open_page, server, "trust")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(page.locator(".steps label")).to_have_count(12)
    for step in page.locator(".steps label").all():
        box = step.bounding_box()
        assert box is not None
        assert box["width"] >= 38
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= size[0]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
