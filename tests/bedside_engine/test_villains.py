"""Every way in which an engine misbehaves ends in one sentence where the person looks."""

import http.client
from pathlib import Path
from typing import Any

import pytest

CANNOT_LOAD = {
    "raises_on_import": "raises_on_import.py does not import: ModuleNotFoundError: No module named "
    "'module_that_is_not_there' (raises_on_import.py:3); install it:",
    "raises_in_init": "Engine() in raises_in_init.py fails: FileNotFoundError: weights.pt is not there "
    "(raises_in_init.py:8)",
    "exits_in_init": "Engine() in exits_in_init.py fails: it calls exit(3) (exits_in_init.py:10)",
    "hangs_at_exit": "hangs_at_exit.py does not import: OSError: weights are not there (hangs_at_exit.py:",
    "nothing_to_call": "nothing_to_call.py: has neither Engine nor predict; expected `class Engine`",
}
NO_ANSWER = {
    "raises_in_predict": "predict raised ZeroDivisionError: division by zero (raises_in_predict.py:6)",
    "wrong_field": "field 'verdit' is unknown; did you mean 'verdict'?",
    "wrong_shape": "mask has shape [1, 4, 6]; expected a label map [height, width]; drop the first dimension: mask[0]",
    "huge_result": "mask and images have 100663296 bytes; expected at most 67108864",
    "calls_exit": "predict raised SystemExit: done (calls_exit.py:8)",
    "leaks_files": "predict raised OSError: [Errno 24] Too many open files: '/dev/null' (leaks_files.py:12)",
    "returns_none": "predict returned None; expected a dict with the result's fields",
    "nan_values": "classes[0].score is nan; expected a finite number",
}
ANSWERS = {
    "closes_stdout": "works",
    "slow_init": "works",
    "slow": "works",
    "prints_a_flood": "works",
    "writes_into_the_frame": "7",
    "reads_arguments": "weights.pt villains",
    "changes_folder": "works",
    "changes_numpy": "works",
    "changes_process": "works",
    "empties_sys_modules": "works",
    "handles_signals": "works",
    "leaves_threads": "works",
    "replaces_library": "works",
    "sets_socket_timeout": "works",
}
GONE = {"exits_in_predict": 7, "killed_in_predict": -9, "segfaults": -11, "never_returns": 1, "holds_the_gil": 1}


@pytest.mark.parametrize("villain", CANNOT_LOAD)
def test_what_cannot_be_loaded_says_why_and_ends(villain: str, start: Any) -> None:
    """HTTP and the log tell the reason, the log the engine's own traceback, too; then the process exits with 1."""
    runner = start(villain)
    status, document = runner.wait_for(
        lambda: (answer := runner.get("/v2/health/ready"))[1]["state"] == "FAILED" and answer
    )
    assert status == 503
    assert document["error"].startswith(CANNOT_LOAD[villain])
    assert runner.infer()[0] == 503
    assert runner.process.wait(20) == 1
    assert CANNOT_LOAD[villain] in runner.log
    assert ("Traceback" in runner.log) == (villain != "nothing_to_call")


@pytest.mark.parametrize("villain", NO_ANSWER)
def test_a_bad_prediction_is_that_frames_error_only(villain: str, start: Any) -> None:
    """The error names what is wrong, and the next frame is asked as if nothing had been."""
    runner = start(villain).ready()
    for _ in range(2):
        status, document, _ = runner.infer()
        assert status == 500
        assert document["error"] == NO_ANSWER[villain]
        assert document["model_ms"] >= 0
    assert runner.get("/v2/health/ready")[0] == 200
    assert runner.log.count(NO_ANSWER[villain]) == 1, "the same sentence floods nobody's log"


@pytest.mark.parametrize("villain", ANSWERS)
def test_what_only_looks_bad_answers(villain: str, start: Any) -> None:
    """Odd habits of model code do not keep it from answering."""
    runner = start(villain).ready()
    for _ in range(2):
        status, result, _ = runner.infer()
        assert (status, result) == (200, {"text": ANSWERS[villain]})


@pytest.mark.parametrize("villain", GONE)
def test_a_prediction_that_hangs_or_dies_takes_the_process_down(villain: str, start: Any) -> None:
    """No answer comes, and soon after the deadline the process is gone, with the stack of what hung in the log."""
    runner = start(villain, "--deadline", "0.5", "--start-deadline", "5").ready()
    with pytest.raises(OSError):
        runner.infer()
    assert runner.process.wait(20) == GONE[villain]
    if GONE[villain] == 1:
        assert f"{villain}.py" in runner.log
        assert "predict" in runner.log


def test_a_large_result_is_carried(start: Any) -> None:
    """Fifty megabytes come whole, twice."""
    runner = start("large_result").ready()
    for _ in range(2):
        status, _, arrays = runner.infer()
        assert (status, [array.shape for array in arrays.values()]) == (200, [(4096, 4096, 3)])


def test_a_runner_whose_files_were_closed_ends_and_says_so(start: Any) -> None:
    """Nobody could reach it any more; whoever started it starts it again."""
    runner = start("closes_every_file").ready()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        runner.infer()
    assert runner.process.wait(20) == 1


def test_an_alarm_that_rings_too_late_ends_the_process(start: Any) -> None:
    """What a model's signal handler raises in the runner's own code ends the process, with its stack in the log."""
    runner = start("leaves_an_alarm").ready()
    assert runner.infer()[0] == 200
    assert runner.process.wait(20) == 1
    assert "predict took too long" in runner.log


def test_loading_that_hangs_takes_the_process_down(start: Any) -> None:
    """An engine that does not load within its start deadline ends with its stack in the log."""
    runner = start("hangs_on_load", "--start-deadline", "0.5")
    assert runner.process.wait(20) == 1
    assert "hangs_on_load.py" in runner.log


def test_a_missing_engine_is_one_sentence(start: Any, tmp_path: Any) -> None:
    """A folder without engine.py, and a file that is not there, say what was expected."""
    runner = start(tmp_path)
    runner.process.wait(20)
    assert "there is no engine.py in it; name a folder with engine.py, or a Python file" in runner.log
    runner = start(tmp_path / "gone.py")
    runner.process.wait(20)
    assert "there is no such file or folder" in runner.log


def test_the_lock_held_right_after_the_first_answer_ends_the_process(start: Any, tmp_path: Path) -> None:
    """From the second prediction on the deadline counts, also for one that takes the interpreter lock at once."""
    (tmp_path / "engine.py").write_text(
        "calls = []\n\ndef predict(frame):\n    calls.append(1)\n"
        "    if len(calls) > 1:\n        sum(range(10**12))\n    return {}\n",
        encoding="utf-8",
    )
    runner = start(tmp_path, "--deadline", "0.5", "--start-deadline", "300").ready()
    assert runner.infer()[0] == 200
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        runner.infer()
    assert runner.process.wait(20) == 1
