"""What the admin page and the support file need of this machine: processes, logs, versions, and what must be hidden."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bedside.cli.fingerprint import made_with, without_secrets
from bedside.cli.health import access_folder
from bedside.cli.status import kept_processes
from bedside.clock import NS_PER_S
from bedside.errors import BedsideError
from bedside.hub.admin import AboutMachine
from bedside.hub.processes import End, ProcessNow
from bedside.hub.scrub import Scrubber
from bedside.hub.support import TAIL_LINES, as_text, pack
from bedside.session.recorded import sessions
from bedside.settings import Settings
from bedside.supervisor.plan import LOGS
from bedside.supervisor.proc import PROC, pids, read, resident_bytes

TAIL_BYTES = 256_000
DOCTOR_S = 60.0
MOST_SESSIONS = 5000
LABEL = re.compile(rb'"label(?:_of_device)?":\s*("(?:[^"\\]|\\.)+")')
DEED = re.compile(rb'"deed":\s*("(?:[^"\\]|\\.)+")')


def about_machine(settings: Settings, config: Path) -> AboutMachine:
    """For the admin page. `config` is the settings' file."""
    return AboutMachine(
        versions=lambda: _versions(settings),
        settings={
            "file": str(config),
            "preset": settings.source.preset,
            "source": without_secrets(settings.source.url),
        },
        log_names=lambda: log_names(settings),
        log_tail=lambda name, lines: log_tail(settings, name, lines),
        support=lambda texts: support_file(settings, config, texts),
    )


def processes_now(status_file: Path) -> list[ProcessNow]:
    """What the supervisor keeps, with memory and processor time of each and of all that it started."""
    kept = kept_processes(status_file)
    families = _families({int(one["pid"]) for one in kept if one.get("pid")}) if kept else {}
    return [_process(one, families.get(int(one["pid"]), set())) for one in kept]


def certificate_ends_ns(settings: Settings) -> int | None:
    """When the certificate that tablets see ends, wall time; None without one."""
    from cryptography import x509

    from bedside.network.certificates import SERVER

    try:
        certificate = x509.load_pem_x509_certificate((access_folder(settings) / SERVER).read_bytes())
    except (OSError, ValueError):  # none was made, or it is being written
        return None
    return round(certificate.not_valid_after_utc.timestamp()) * NS_PER_S


def log_names(settings: Settings) -> list[str]:
    """The processes whose log is here."""
    folder = settings.folder / LOGS
    return sorted(path.stem for path in folder.glob("*.log") if path.is_file())


def log_tail(settings: Settings, name: str, lines: int, scrub: Scrubber | None = None) -> list[str]:
    """The last lines of a log, without secrets and codes. Raises BedsideError for a name not in `log_names`."""
    names = log_names(settings)
    if name not in names:
        raise BedsideError(f"there is no log {name[:40]!r}; there is {', '.join(names) or 'none'}")
    try:
        with (settings.folder / LOGS / f"{name}.log").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError as error:
        raise BedsideError(f"the log {name} cannot be read: {error.strerror}") from error
    whole = text.splitlines()[1 if size > TAIL_BYTES else 0 :]
    clean = scrub or scrubber(settings)
    return [clean(line)[:2000] for line in whole[-lines:]]


def scrubber(settings: Settings) -> Scrubber:
    """Hides the secrets of the settings, participants' codes, and what tablets are called."""
    root = settings.folder / Path(settings.session.folder).expanduser()
    words = {settings.server.token, settings.source.token, settings.session.participant}
    words |= {token for engine in settings.engines if (token := str(getattr(engine, "token", "")))}
    words |= {parts[1] for folder in sessions(root)[:MOST_SESSIONS] if len(parts := folder.name.split("_", 1)) == 2}
    return Scrubber(words | _labels(settings))


def support_file(settings: Settings, config: Path, texts: Mapping[str, str]) -> bytes:
    """The zip: `texts`, and what the settings' folder and this machine have. Blocking, up to a minute."""
    scrub = scrubber(settings)
    more = {
        "versions.json": as_text(_versions(settings)),
        "settings.json": as_text(without_secrets(asdict(settings))),
        "doctor.txt": _doctor(config),
        "access.json": as_text(_deeds(settings)),
    }
    for name in log_names(settings):
        more[f"logs/{name}.txt"] = "\n".join(log_tail(settings, name, TAIL_LINES, scrub)) + "\n"
    return pack({**more, **texts}, scrub)


def _versions(settings: Settings) -> dict[str, Any]:
    made = made_with(settings)
    return {**made.versions, "engines": made.engines}


def _doctor(config: Path) -> str:
    command = [sys.executable, "-m", "bedside", "doctor", *(("--config", str(config)) if config.exists() else ())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOCTOR_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bedside doctor could not be run: {error}\n"
    return done.stdout + done.stderr


def _labels(settings: Settings) -> set[str]:
    """What devices are and were called, from whatever the access folder says of them."""
    return {label for file in access_folder(settings).glob("*.json*") for label in _values(file, LABEL)}


def _deeds(settings: Settings) -> dict[str, int]:
    """How often each deed stands in the access log."""
    return dict(Counter(_values(access_folder(settings) / "access.jsonl", DEED)))


def _values(file: Path, field: re.Pattern[bytes]) -> Iterator[str]:
    """Every text of this field, line by line: a log of years is large, and one line of it may be broken."""
    try:
        with file.open("rb") as lines:
            for line in lines:
                for text in field.findall(line):
                    with suppress(ValueError):
                        yield json.loads(text)
    except OSError:  # not there yet, or not ours to read
        return


def _process(one: dict[str, Any], family: set[int]) -> ProcessNow:
    ends = tuple(End(int(end["wall_ns"]), str(end["why"])) for end in one.get("last_ends", ()))
    return ProcessNow(
        str(one["name"]),
        str(one["state"]),
        one.get("since_wall_ns"),
        int(one["restarts"]),
        ends,
        bool(one["keeps_dying"]),
        int(one["pid"]) or None,
        sum(resident_bytes(pid) for pid in family) if family else None,
        sum(_cpu_s(pid) for pid in family) if family else None,
    )


def _families(heads: set[int]) -> dict[int, set[int]]:
    """Each of these processes with all that descends from it, by /proc; nothing where there is none."""
    parents = {kin.pid: kin.parent for pid in pids() if (kin := read(pid)) is not None}
    found: dict[int, set[int]] = {head: {head} for head in heads if head in parents}
    for pid in parents:
        way, above = [pid], pid
        while above in parents and above not in heads:
            above = parents[above]
            way.append(above)
        if above in found:
            found[above].update(way)
    return found


def _cpu_s(pid: int) -> float:
    try:
        words = (PROC / str(pid) / "stat").read_bytes().rpartition(b") ")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0
