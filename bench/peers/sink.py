"""Where a program puts an answer the moment it has it: a line each, so that nothing is lost when it is killed."""

import json
import os
import time
from typing import Any


class Sink:
    """Writes `{"seq", "at_ns", "model_ms"}` to the file that BENCH_ANSWERS names."""

    def __init__(self) -> None:
        self._file = open(os.environ["BENCH_ANSWERS"], "a", buffering=1)  # noqa: PTH123, SIM115

    def note(self, answer: dict[str, Any]) -> None:
        """An answer is there, and could be shown now."""
        at_ns = time.monotonic_ns()
        self._file.write(json.dumps({"seq": answer["seq"], "at_ns": at_ns, "model_ms": answer["model_ms"]}) + "\n")
