"""Why pip could not install something, found in what it printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

NETWORK = (
    (re.compile(r"name resolution|Name or service not known|NameResolutionError|nodename nor"), "no name is resolved"),
    (re.compile(r"ProxyError|Tunnel connection failed"), "the proxy lets nothing through"),
    (re.compile(r"SSLError|CERTIFICATE_VERIFY_FAILED"), "its certificate is not trusted here"),
    (re.compile(r"Network is unreachable|No route to host"), "there is no network"),
    (re.compile(r"[Cc]onnection ?[Rr]efused"), "the connection is refused"),
    (re.compile(r"ConnectTimeout|ReadTimeout|timed out"), "it does not answer in time"),
    (re.compile(r"NewConnectionError|Connection ?[Rr]eset|connection broken by|Max retries"), "the connection breaks"),
)
MISSING = re.compile(
    r"Could not find a version that satisfies the requirement (?P<what>.+?) \(from versions: (?P<had>.*)\)"
)
NEEDS_PYTHON = re.compile(r"(?P<version>[\w.]+) Requires-Python (?P<python>[^;]+)")
NOT_BUILT = (
    re.compile(r"Failed building wheel for (?P<what>\S+)"),
    re.compile(r"Failed to build '?(?P<what>[\w.-]+)'? when"),
    re.compile(r"Could not build wheels for (?P<what>[^,]+)"),
)
UNPREPARED = re.compile(
    r"metadata-generation-failed|subprocess-exited-with-error|did not run successfully|BackendUnavailable"
)
OLD = ("distutils", "imp", "pkg_resources", "setuptools", "pkgutil")
"""Modules that newer Pythons do not have any more, and that old packages are built with."""
CAUSE = re.compile(
    r"(?P<cause>fatal error: .*|.*command '.*' failed.*|.*[Uu]nable to execute .*|\w*Error: .*|\berror: \[Errno .*)"
)
COMPILER = re.compile(
    r"command '\S*(?:gcc|g\+\+|cc|clang|nvcc|gfortran)' failed|nable to execute|CompilerNotFound"
    r"|No such file or directory: '\S*(?:gcc|g\+\+|cc|clang|nvcc|gfortran)'"
)


@dataclass(frozen=True)
class Reason:
    """What went wrong, and what to do about it."""

    what: str
    do: str
    is_network: bool = False


def reason(lines: Sequence[str], python: str) -> Reason:
    """The reason in these lines of a pip that failed under Python `python`, such as 3.7.16."""
    text = "\n".join(lines)
    if "No space left on device" in text:
        return Reason("the disk is full", "free some space: `bedside build --prune` removes environments not in use")
    for find in (_unreachable, _unbuilt, _missing, _conflict):
        found = find(lines, text, python)
        if found is not None:
            return found
    return Reason(_last_error(lines), "correct that line")


def _unreachable(lines: Sequence[str], text: str, python: str) -> Reason | None:
    why = next((words for pattern, words in NETWORK if pattern.search(text)), "")
    missing = MISSING.search(text)
    if not why or (missing and missing["had"] != "none"):
        return None
    what = f"{missing['what']} is not on this machine, and " if missing else ""
    return Reason(f"{what}the package index cannot be reached: {why}", "connect this machine", is_network=True)


def _missing(lines: Sequence[str], text: str, python: str) -> Reason | None:
    missing = MISSING.search(text)
    if not missing:
        return None
    what, had = missing["what"], missing["had"].split(", ")
    other = [found for line in lines if "Requires-Python" in line for found in NEEDS_PYTHON.finditer(line)]
    exact = [found for found in other if what.endswith(f"=={found['version']}")] or other[-1:]
    if exact:
        needs = exact[0]["python"].strip()
        return Reason(
            f"{what}: it needs Python {needs}, and this is Python {python}", "set another python, or another version"
        )
    if had == ["none"]:
        return Reason(f"no package for Python {python} is called {what}", "correct its name, or set another python")
    newest = ", ".join(had[-3:])
    return Reason(
        f"{what}: there is no such version for Python {python}; the newest are {newest}",
        "ask for one that there is, or set another python",
    )


def _unbuilt(lines: Sequence[str], text: str, python: str) -> Reason | None:
    named = next((found for pattern in NOT_BUILT if (found := pattern.search(text))), None)
    if not named and not UNPREPARED.search(text):
        return None
    what = named["what"] if named else _last_collected(lines)
    causes = [found["cause"].strip() for line in lines if (found := CAUSE.search(line))]
    cause = next((line for line in causes if "fatal error" in line or COMPILER.search(line)), (causes or [""])[-1])
    if COMPILER.search(text) or "fatal error" in text:
        do = f"install a compiler and what {what} is built with, or"
    elif lacking := re.search(r"No module named '?(?P<module>[\w.]+)", text):
        module = lacking["module"].split(".")[0]
        do = "it is older than this Python;" if module in OLD else f"building it takes {module}, which it does not say;"
    else:
        do = "see what it wants;"
    return Reason(
        f"{what} has no ready-made wheel for Python {python}, and cannot be built: {cause or _last_error(lines)}",
        f"{do} take a version with a wheel for this Python, or set a Python that has one",
    )


def _conflict(lines: Sequence[str], text: str, python: str) -> Reason | None:
    at = next((number for number, line in enumerate(lines) if "conflicting dependencies" in line), None)
    if at is None:
        return None
    wanted = [line.strip() for line in lines[at:] if " depends on " in line or " requested " in line]
    return Reason(f"{' but '.join(wanted) or lines[at]}, which exclude each other", "loosen one of them")


def _last_collected(lines: Sequence[str]) -> str:
    collected = [line.split()[1] for line in lines if line.startswith("Collecting ") and len(line.split()) > 1]
    return collected[-1] if collected else "a package"


def _last_error(lines: Sequence[str]) -> str:
    errors = [line.strip() for line in lines if re.match(r"\s*ERROR: ", line)] or [line.strip() for line in lines]
    return errors[-1].removeprefix("ERROR: ") if errors else "pip ended without a word"
