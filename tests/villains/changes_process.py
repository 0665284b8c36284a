"""Changes what belongs to its whole process: environment, language, file mode, priority, recursion."""

import contextlib
import locale
import os
import sys

os.environ.clear()
os.umask(0o777)
os.nice(3)
sys.setrecursionlimit(150)
with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "C")
with contextlib.suppress(PermissionError):
    os.setpgid(0, 0)


def predict(frame: object) -> dict[str, object]:
    """Works."""
    return {"text": "works"}
