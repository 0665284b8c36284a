"""Deleting a session from the list, in Chromium."""

import shutil
from pathlib import Path

from playwright.sync_api import expect
from tests.page.review.conftest import Open, OpenFolder


def test_a_session_is_deleted_when_its_name_is_typed(
    review: Open, reviewed_folder: OpenFolder, made: Path, tmp_path: Path
) -> None:
    """The button rests until the whole name stands there; then the session is gone, from disk and list."""
    folder = tmp_path / "sessions" / made.name
    shutil.copytree(made, folder)
    page = review(reviewed_folder(folder.parent), "/review", painted=False)
    page.get_by_role("button", name="Delete the session").click()
    really = page.get_by_role("button", name="Delete for ever")
    expect(page.locator("dialog.deletion")).to_contain_text(made.name)
    page.get_by_label("Type its name").fill(made.name[:-1])
    expect(really).to_be_disabled()
    page.get_by_label("Type its name").fill(made.name)
    really.click()
    expect(page.locator("dialog.deletion")).to_have_count(0)
    expect(page.locator(".loading")).to_contain_text("There is no session yet")
    assert not folder.exists()


def test_a_session_that_is_kept_after_all_stays(
    review: Open, reviewed_folder: OpenFolder, made: Path, tmp_path: Path
) -> None:
    """Keep it closes the question, and nothing is deleted."""
    folder = tmp_path / "sessions" / made.name
    shutil.copytree(made, folder)
    page = review(reviewed_folder(folder.parent), "/review", painted=False)
    page.get_by_role("button", name="Delete the session").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("dialog.deletion")).to_have_count(0)
    expect(page.locator(".session-card")).to_have_count(1)
    assert folder.is_dir()
