"""The health check of a container says one sentence, whatever it is told."""

from pathlib import Path

import pytest

from bedside_engine.alive import ask


@pytest.mark.parametrize("said", ["{}", "[]", "7", '{"written_ns": "now", "state": "off"}', "", '{"written_ns": 1}'])
def test_a_file_that_is_no_recorders_is_one_sentence(tmp_path: Path, said: str) -> None:
    """Whatever lies there, a health check that ends in a traceback says nothing to whoever reads `docker inspect`."""
    (tmp_path / "recorder.json").write_text(said, encoding="ascii")
    is_well, sentence = ask(f"file:{tmp_path / 'recorder.json'}")
    assert not is_well
    assert "and not as Bedside does" in sentence or "has said nothing for" in sentence
