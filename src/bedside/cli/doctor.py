"""`bedside doctor`."""

import argparse

from bedside.cli.verb import add_verb

DOC = """say what is wrong on this machine, and what to do about it"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "doctor", run, DOC)


def run(arguments: argparse.Namespace) -> int:
    """Not yet."""
    return 1
