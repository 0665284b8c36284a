"""`bedside health`: whether one process does its job, for a health check."""

import argparse

from bedside.cli.engine import find
from bedside.cli.health import own_url
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.settings import Settings, near

DOC = """\
say whether one process does its job: one sentence, exit status 0 or 1

The broadcaster does when its newest picture is fresh, the recorder when it lives and does not fail, the server when
picture and answers are fresh, and an engine when it has loaded and answers. `bedside status` tells of all together.

examples:
  bedside health serve
  bedside health engine pcbm
"""
PROCESSES = ("broadcast", "record", "serve", "engine")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "health", run, DOC)
    parser.add_argument("process", choices=PROCESSES, help="which process")
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="of an [[engine]]")


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the sentence."""
    from bedside_engine.alive import ask

    settings, _ = settings_of(arguments)
    addresses = addresses_of(settings, arguments.process, arguments.name)
    said = [ask(address, settings.server.token) for address in addresses]
    is_well, sentence = next((one for one in said if not one[0]), said[0])
    print(sentence)
    return 0 if is_well else 1


def addresses_of(settings: Settings, process: str, name: str = "") -> list[str]:
    """What is asked, as `bedside_engine.alive` wants it; an engine's replicas one by one. Raises SettingsError."""
    from bedside.cli.session import root_of
    from bedside.engine.container import address, kept_elsewhere
    from bedside.session.paths import Live

    if process == "engine":
        engine = find(settings, name)
        if engine.url:
            raise SettingsError(f"[[engine]] {name} has a url, {engine.url}; ask whoever keeps it running")
        boxed = engine.is_contained or kept_elsewhere()
        return [address(port) if boxed else f"tcp://127.0.0.1:{port}" for port in engine.ports]
    if process == "record":
        return [f"file:{Live(root_of(settings)).recorder}"]
    if process == "broadcast":
        return [f"http://{near(settings.source.host)}:{settings.source.port}"]
    return [own_url(settings).rstrip("/")]
