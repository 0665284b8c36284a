"""What is refused before anything is started."""

from pathlib import Path

import pytest

from bedside.cli.beforehand import refuse_host_beside_interface, refuse_missing_files
from bedside.errors import SettingsError
from bedside.settings import Settings, load
from bedside.settings_tables import ServerSettings


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


def test_a_host_beside_an_interface_is_refused() -> None:
    """One of the two says who can reach the pages; this machine's own address says nothing else."""
    for host, is_refused in {"0.0.0.0": True, "192.168.7.1": True, "127.0.0.1": False, "::1": False}.items():
        settings = Settings(server=ServerSettings(host=host, interface="wlan0", token="a-token-of-this-test"))
        if is_refused:
            with pytest.raises(SettingsError, match=r"host is '.*' and interface is 'wlan0'.* take one of the two out"):
                refuse_host_beside_interface(settings)
        else:
            refuse_host_beside_interface(settings)
