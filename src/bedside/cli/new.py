"""`bedside new NAME`: an engine's folder to fill in, and its place in bedside.toml."""

import argparse
import contextlib
import json
import shutil
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from bedside.cli.checkpoint import is_script
from bedside.cli.verb import add_verb
from bedside.errors import SettingsError
from bedside.settings import ENGINE_NAME
from bedside.settings_text import commented

NEEDS = {"plain": ("numpy",), "torch": ("torch", "numpy"), "onnx": ("onnxruntime", "numpy", "pillow")}
NO_NETWORK = """\
The checkpoint holds weights without their network. Put the network beside engine.py and name it where that says ADAPT;
--net path/to/file.py:CLASS would have done so."""
DOC = """\
make a folder for a model: engine.py to fill in, or one that runs a checkpoint

Writes NAME/engine.py, a requirements.txt for its environment and a README.md, and adds the engine to bedside.toml.
What is there already is never overwritten.

examples:
  bedside new planes                                   a class Engine with comments that teach
  bedside new planes --here path/to/my/repository      engine.py in a repository of yours
  bedside new planes --torch scripted.pt --classes "brain, abdomen, femur"
  bedside new planes --torch weights.pt --net path/to/mynet.py:Net --python path/to/venv/bin/python
  bedside new planes --onnx model.onnx --size 224x224
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "new", run, DOC)
    parser.add_argument("name", metavar="NAME", help="of the engine: letters a to z, digits, - and _")
    parser.add_argument("--here", type=Path, metavar="FOLDER", help="put engine.py there instead of in ./NAME")
    model = parser.add_mutually_exclusive_group()
    model.add_argument(
        "--torch", type=Path, metavar="CHECKPOINT", help="classify with this TorchScript or weights file"
    )
    model.add_argument("--onnx", type=Path, metavar="MODEL", help="classify with this ONNX file")
    parser.add_argument("--net", metavar="FILE.py:CLASS", help="the network that the weights of --torch belong to")
    parser.add_argument("--classes", default="", metavar="NAMES", help="of the outputs, in order, with commas between")
    parser.add_argument("--size", metavar="WxH", help="what the network takes, such as 224x224")
    parser.add_argument("--python", metavar="PATH", help="an interpreter that has all it needs; none is made then")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say what to do next."""
    name: str = arguments.name
    if not ENGINE_NAME.fullmatch(name):
        raise SettingsError(f"NAME is {name!r}; expected 1 to 64 letters a to z, digits, - and _")
    config: Path = arguments.config or Path("bedside.toml")
    folder: Path = arguments.here or config.parent / name
    engine = engine_of(arguments, folder, config.parent)
    settings = _with_engine(config, engine)
    kind, text = engine_file(arguments, folder)
    requirements = "" if arguments.python else "".join(f"{one}\n" for one in NEEDS[kind])
    _write(
        folder, {"engine.py": text, "requirements.txt": requirements, "README.md": _filled("readme", {"name": name})}
    )
    if settings:
        _replace(config, settings, engine)
        print(f"{config} has the engine {name} now.")
    else:
        print(f"{config} lists its engines in a way that nothing can be added to; add this one:\n{_lines(engine)}")
    if kind == "torch" and not arguments.net and not is_script(arguments.torch):
        print(NO_NETWORK)
    print(f"Next: `bedside check {name} --source clip.mp4` tries it, `bedside up` runs it live.")
    return 0


def engine_of(arguments: argparse.Namespace, folder: Path, start: Path) -> dict[str, Any]:
    """Its [[engine]], by the options; its path is relative to bedside.toml where it lies below."""
    full = folder.absolute()
    below = full.is_relative_to(start.absolute())
    engine = {"name": arguments.name, "path": str(full.relative_to(start.absolute())) if below else str(full)}
    if arguments.python:
        engine["python"] = str(Path(arguments.python).absolute()) if "/" in arguments.python else arguments.python
    else:
        engine["requirements"] = "requirements.txt"
    size = arguments.size or ("224x224" if arguments.torch else "")
    width, _, height = size.partition("x")
    if size and not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise SettingsError(f"--size is {size!r}; expected width x height in pixels, such as 224x224")
    return engine | ({"size": [int(width), int(height)]} if size else {})


def engine_file(arguments: argparse.Namespace, folder: Path) -> tuple[str, str]:
    """Which kind of engine.py, and its text. Raises SettingsError for options that do not fit."""
    kind = "torch" if arguments.torch else "onnx" if arguments.onnx else "plain"
    checkpoint: Path | None = arguments.torch or arguments.onnx
    if checkpoint is None:
        if arguments.net or arguments.classes:
            raise SettingsError("--net and --classes: they belong to a checkpoint; name it with --torch or --onnx")
        return kind, _filled(kind, {"name": arguments.name})
    if not checkpoint.is_file():
        raise SettingsError(f"--{kind} {checkpoint}: there is no such file")
    classes = [name.strip() for name in arguments.classes.split(",") if name.strip()]
    values = {"name": arguments.name, "classes": _python(classes), "checkpoint": _python(_from(folder, checkpoint))}
    if kind == "torch":
        values |= _network(arguments, folder)
    return kind, _filled(kind, values)


def _network(arguments: argparse.Namespace, folder: Path) -> dict[str, str]:
    """What a torch engine imports, and how it loads."""
    if arguments.net is None and is_script(arguments.torch):
        return {"system": "", "imports": "", "load": _filled("load_script", {})}
    file, _, kind = (arguments.net or "mynet.py:Net").rpartition(":")
    module = Path(file)
    if not (module.suffix == ".py" and module.stem.isidentifier() and kind.isidentifier()):
        raise SettingsError(
            f"--net is {arguments.net!r}; expected a Python file and a class in it, such as mynet.py:Net"
        )
    if arguments.net and not module.is_file():
        raise SettingsError(f"--net {arguments.net}: there is no file {module}")
    is_beside = arguments.net is None or module.absolute().parent == folder.absolute()
    path = "" if is_beside else f"sys.path.insert(0, {_python(str(module.absolute().parent))})\n"
    imports = f"\n{path}from {module.stem} import {kind}  # ADAPT: your network, and where it lies\n"
    system = "import sys\n\n" if path else ""
    return {"system": system, "imports": imports, "load": _filled("load_weights", {"net": kind})}


def _from(folder: Path, file: Path) -> str:
    """How a file is called from within the folder: by its place in it, else in full."""
    full = file.absolute()
    return str(full.relative_to(folder.absolute())) if full.is_relative_to(folder.absolute()) else str(full)


def _python(value: Any) -> str:
    """As Python source; texts and lists of them look the same in JSON."""
    return json.dumps(value, ensure_ascii=False)


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = (files("bedside.cli") / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write each file that is not there; engine.py must not be."""
    if (folder / "engine.py").exists():
        raise SettingsError(
            f"{folder / 'engine.py'} exists already and is not overwritten; choose another NAME or --here"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if text and not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")
                print(f"{folder / name} is written.")
    except OSError as error:
        raise SettingsError(f"{folder}: {error.strerror}; expected a folder that can be written") from error


def _replace(config: Path, text: str, engine: Mapping[str, Any]) -> None:
    """Write bedside.toml whole or not at all: a full disk must not cost the settings that are there."""
    whole = config.resolve()
    fresh = whole.with_name(f"{whole.name}.new")
    try:
        whole.open("a", encoding="utf-8").close()  # one that may not be written is not replaced either
        fresh.write_text(text, encoding="utf-8")
        shutil.copymode(whole, fresh)
        fresh.replace(whole)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise SettingsError(
            f"{config} cannot be written: {error.strerror}; put that right and add this engine to it:\n{_lines(engine)}"
        ) from error


def _with_engine(config: Path, engine: Mapping[str, Any]) -> str:
    """The text of bedside.toml with one more engine; empty where that cannot be done. Raises SettingsError."""
    if not config.exists():
        return commented({"engine": engine})
    try:
        old = config.read_text(encoding="utf-8")
        names = [one["name"] for one in tomllib.loads(old).get("engine", [])]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{config}: cannot be read: {error}; put that right first") from error
    if engine["name"] in names:
        raise SettingsError(f"{config} has an engine {engine['name']} already; choose another NAME")
    text = f"{old.rstrip()}\n\n{_lines(engine)}"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ""
    return text


def _lines(engine: Mapping[str, Any]) -> str:
    return "[[engine]]\n" + "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in engine.items()
    )
