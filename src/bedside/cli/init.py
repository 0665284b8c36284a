"""`bedside init`: writes a commented bedside.toml."""

import argparse
from pathlib import Path

from bedside.cli.verb import add_verb
from bedside.errors import SettingsError
from bedside.settings_text import commented, engine_at

REQUIREMENTS = "requirements.txt"
DOC = """\
write a commented bedside.toml to start from

Every key stands in it with its help text and its default, commented out: take away the # before a key to change it.
An existing file is never overwritten. An engine's folder with a requirements.txt gets an environment of its own.

examples:
  bedside init
  bedside init --engine path/to/my_model      with a folder that has engine.py, or one Python file
  bedside init --source v4l2:
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "init", run, DOC)
    parser.add_argument("--engine", type=Path, metavar="PATH", help="folder with engine.py, or one Python file")
    parser.add_argument("--source", metavar="URL", default="synthetic:", help="where the picture comes from")


def run(arguments: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    path: Path = arguments.config or Path("bedside.toml")
    engine: Path | None = arguments.engine
    if engine is not None and not engine.exists():
        raise SettingsError(f"--engine {engine}: there is no such file or folder")
    given = engine_at(engine) if engine else {}
    if engine is not None and (engine / REQUIREMENTS).is_file():
        given["requirements"] = REQUIREMENTS
    text = commented({"source": {"url": arguments.source}, "engine": given})
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(f"{path} exists already and is not overwritten; --config names another file") from None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; expected a file that can be written") from error
    print(f"{path} is written. `bedside doctor` says whether this machine can do it, `bedside up` runs it.")
    return 0
