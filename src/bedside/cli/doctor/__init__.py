"""`bedside doctor`: what is wrong on this machine, and what to do about it.

In: the settings. Out: findings, each one line on what was seen and, where something is to be done, one on what. Each
examination is a module of this folder; none of them changes anything or waits for long.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.settings import Settings

DOC = """\
say what is wrong on this machine, and what to do about it

Looks at the settings, the capture devices (their modes and the frame rate that they really deliver), the colour range,
ports, disk, shared memory, the encoder, and the engines' environments. Exit status 1 when something must be put right.

examples:
  bedside doctor
  bedside doctor --json
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "doctor", run, DOC).add_argument("--json", action="store_true", help="for a program")


def run(arguments: argparse.Namespace) -> int:
    """Examine everything and print the findings."""
    if arguments.json:
        findings = list(examine(arguments))
        print(json.dumps([{**asdict(finding), "level": str(finding.level)} for finding in findings], indent=2))
    else:
        findings = show(examine(arguments))
    return 1 if any(finding.level is Level.WRONG for finding in findings) else 0


def examine(arguments: argparse.Namespace) -> Iterator[Finding]:
    """All findings, as they are made."""
    from bedside.cli.doctor import devices, encoder, engines, places, source

    try:
        settings, file = settings_of(arguments)
    except SettingsError as error:
        yield Finding("settings", Level.WRONG, str(error), "correct it; until then the rest is looked at by default")
        settings, file = Settings(folder=Path.cwd()), Path("bedside.toml")
    else:
        there = f"{file} can be read" if file.exists() else "there is no bedside.toml here, so everything is default"
        yield Finding("settings", Level.OK, there, "" if file.exists() else "`bedside init` writes one")
    yield from devices.examine(settings)
    yield from source.examine(settings)
    yield from places.examine(settings)
    yield from encoder.examine(settings)
    yield from engines.examine(settings)


def show(findings: Iterator[Finding]) -> list[Finding]:
    """Print findings for a person, each as soon as it is made; returns them."""
    from rich.console import Console

    console = Console(highlight=False)
    styles = {Level.OK: "[green]ok   [/]", Level.NOTE: "[yellow]note [/]", Level.WRONG: "[bold red]WRONG[/]"}
    shown = []
    for finding in findings:
        shown.append(finding)
        console.print(f"{styles[finding.level]} {finding.part:<9}", end="")
        console.print(finding.what, markup=False, soft_wrap=True)
        if finding.do:
            console.print(" " * 15 + "→ " + finding.do, markup=False, soft_wrap=True)
    wrong = sum(finding.level is Level.WRONG for finding in shown)
    console.print(f"\n{wrong} to put right." if wrong else "\nNothing to put right.")
    return shown
