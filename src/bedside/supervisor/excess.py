"""Whether a family of processes uses more than it may."""

from collections.abc import Callable, Sequence

from bedside.supervisor import proc
from bedside.supervisor.plan import Process
from bedside.supervisor.proc import Kin

GB = 2**30


def excess(process: Process, family: Sequence[Kin]) -> str:
    """The sentence that says of what there is too much; empty while all is within the limits of `process`."""
    if process.processes and len(family) > process.processes:
        return f"had {len(family)} processes; its limit is {process.processes} (processes)"
    if not process.memory_bytes or _memory(family, proc.resident_bytes) <= process.memory_bytes:
        return ""
    used = _memory(family, proc.share_bytes)  # forked workers share what their parent has loaded: look closer
    if used <= process.memory_bytes:
        return ""
    return f"used {used / GB:.3g} GB of memory; its limit is {process.memory_bytes / GB:.3g} GB (memory_gb)"


def _memory(family: Sequence[Kin], measure: Callable[[int], int]) -> int:
    return sum(measure(kin.pid) for kin in family)
