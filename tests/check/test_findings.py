"""What is wrong with results, counted by kind."""

from bedside.check.findings import Findings


def test_sentences_that_differ_in_numbers_are_one_finding() -> None:
    """The first one is shown as it was, with its count and the result that it came in first."""
    findings = Findings()
    findings.add([])
    findings.add(["boxes[0].x is 320; expected -1 to 2", "mask has shape [1, 480, 640]"])
    findings.add(["boxes[0].x is -47.5; expected -1 to 2"])
    assert [finding.text for finding in findings.all] == [
        "boxes[0].x is 320; expected -1 to 2 (2 times, first in result 2)",
        "mask has shape [1, 480, 640] (in result 2)",
    ]
    assert (findings.frames, findings.spoiled) == (3, 2)


def test_one_result_counts_a_kind_once() -> None:
    """The whole way and the bare loop say the same of one picture; that is one."""
    findings = Findings()
    findings.add(["text is 3; expected a text", "text is 3; expected a text"])
    assert findings.all[0].count == 1
