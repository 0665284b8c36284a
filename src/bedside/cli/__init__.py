"""The verbs of `bedside`: the composition root, where settings are read and the parts are wired.

In: the command line, `bedside.toml` and `BEDSIDE_*`. Out: an exit status (0, 1 it failed, 2 asked wrongly, 130
interrupted) and, where something is wrong, one sentence on stderr. Each verb is a module with `add_to()` and `run()`,
which imports what it needs only when it runs, so that `bedside --help` and the supervisor stay light.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bedside import __version__
from bedside.cli import (
    access,
    audit,
    bench,
    broadcast,
    build,
    bundle,
    check,
    compare,
    compose,
    demo,
    doctor,
    engine,
    export,
    health_check,
    init,
    install,
    new,
    phantom,
    record,
    replay,
    report,
    review,
    serve,
    session,
    status,
    support,
    up,
)
from bedside.errors import BedsideError, SettingsError

VERBS = (
    demo,
    init,
    new,
    build,
    check,
    bench,
    up,
    compose,
    session,
    review,
    replay,
    compare,
    export,
    report,
    audit,
    phantom,
    bundle,
    install,
    doctor,
    status,
    support,
    access,
    health_check,
    broadcast,
    record,
    serve,
    engine,
)
SERVICES = ("broadcast", "record", "serve")
FAILED, ASKED_WRONGLY, INTERRUPTED = 1, 2, 130

EPILOG = """\
see it:
  bedside demo                             a phantom scanner that you steer, and a model that explains

your model, live:
  bedside new planes                       a folder with engine.py to fill in; --torch, --onnx run a checkpoint
  bedside check planes --source clip.mp4   is every result right, how does it look, what does it cost
  bedside bench                            where the time goes on this machine, as a page of plots
  bedside up                               the page, with the scanner's picture and your model's answers

the scan, kept:
  bedside session start P1 --consent       records it, while `bedside up` runs; also on the page
  bedside review                           step by frame, correct, tick; then replay, compare, report, export

the machine:
  bedside init                             a commented bedside.toml, where `new` has not written one
  bedside doctor                           what is wrong on this machine, and what to do about it

Keys of tables in single brackets can come from the environment too: BEDSIDE_SERVER_PORT=9000 bedside up
Research use only.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        return FAILED
    except BedsideError as error:
        if arguments.verbose >= 2:
            raise
        print(f"bedside {arguments.verb}: {error}", file=sys.stderr)
        return ASKED_WRONGLY if isinstance(error, SettingsError) else FAILED
    except Exception as error:
        if arguments.verbose >= 2 or arguments.verb in SERVICES:  # a service's log must say where
            raise
        text = f"{type(error).__name__}: {error}"
        print(f"bedside {arguments.verb}: a fault in Bedside, {text}; -vv shows where", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    top = argparse.ArgumentParser(
        "bedside",
        parents=[_options()],
        description="Runs image-based AI live at the bedside: HDMI picture in, explained answer on a tablet out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"bedside {__version__}")
    top.set_defaults(config=None, verbose=0, quiet=False)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        verb.add_to(verbs, _options())
    return top


def _options() -> argparse.ArgumentParser:
    """What may stand before a verb and after it; without a default, so that the verb's does not undo the first."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--config", type=Path, metavar="FILE", help="settings (default: bedside.toml in this folder)")
    shared.add_argument("-v", "--verbose", action="count", help="say more; -vv everything")
    shared.add_argument("-q", "--quiet", action="store_true", help="say only what went wrong")
    return shared
