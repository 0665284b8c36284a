"""What is refused before anything is started."""

from pathlib import Path

import pytest

from bedside.cli.beforehand import refuse_missing_files
from bedside.errors import SettingsError
from bedside.settings import load


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ('participant = "Jane"', r"\[session\] participant is 'Jane'; expected a code"),
        (
            'questionnaires = ["sos"]',
            r"\[session\] questionnaire 'sos' cannot be read .*expected likert, nasa-tlx, sus",
        ),
        ('questionnaires = ["mine.toml"]', r"\[session\] questionnaire mine has 0 items"),
        ('questionnaires = ["sus", "sus"]', r"\[session\] two questionnaires are called sus"),
    ],
)
def test_a_session_that_could_not_be_is_refused(tmp_path: Path, setting: str, sentence: str) -> None:
    """A name instead of a code, and a questionnaire that cannot be asked, are said before a participant comes."""
    (tmp_path / "mine.toml").touch()
    (tmp_path / "bedside.toml").write_text(f"[session]\n{setting}\n")
    with pytest.raises(SettingsError, match=sentence):
        refuse_missing_files(load(tmp_path / "bedside.toml", {}))
