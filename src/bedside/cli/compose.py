"""`bedside compose`: the same processes in containers."""

import argparse
import ipaddress
import os
import secrets
import stat
import sys
from pathlib import Path

from bedside.cli.beforehand import refuse_unknown_source
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.shown import Shown
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import BedsideError, SettingsError
from bedside.loopback import is_loopback
from bedside.settings import Settings

DOC = """\
write compose.yaml, so that everything runs in containers

Reads bedside.toml and writes compose.yaml beside it: the verbs of `bedside up`, each in a container of its own, with
the same limits and rights. Tokens and the user's number go into .env, which only you may read, and which is kept when
it is there. With --build it makes the images that the file names. Needs Docker Engine and Compose (docker compose, or
docker-compose 1.29) on Linux.

examples:
  bedside compose --build
  docker compose up -d                     starts it, also at each boot from now on
  bedside compose --lan wlan0              pages for the tablets on that network, encrypted; or name its address
"""
FIRST_USER = 1000
HEADER = "# `bedside compose` wrote this by {config}; docs/howto/compose.md tells about it. It will be written anew.\n"


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "compose", run, DOC)
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write (compose.yaml beside the settings)")
    parser.add_argument("--build", action="store_true", help="make the images, too")
    parser.add_argument(
        "--lan",
        metavar="INTERFACE|ADDRESS",
        nargs="?",
        const="",
        help="let tablets in by this network; without a name by the only one ([server] interface is the same for good)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file, and build what it names."""
    here = Path.cwd()  # settings are read in their own folder
    output: Path | None = arguments.output.absolute() if arguments.output else None
    settings, config = settings_of(arguments, needs_file=True)
    output = output or settings.folder / "compose.yaml"
    refuse_unknown_source(settings)
    host = published_at(arguments.lan, settings)
    try:
        output.write_text(compose_text(settings, config, output.parent, host), encoding="utf-8")
        user = write_env(output.parent / ".env")
        make_folders(settings, user)
        warn_of_closed((settings.folder, 0o5), (config, 0o4), user=user)
    except OSError as error:
        raise BedsideError(f"{error.filename} cannot be written: {error.strerror}") from error
    if arguments.build:
        end_as_by_ctrl_c()
        with Shown(quiet=arguments.quiet) as shown:
            build(settings, shown)
    if not arguments.quiet:
        tell(settings, os.path.relpath(output, here), host)
    return 0


def published_at(lan: str | None, settings: Settings) -> str:
    """This machine's address at which the pages are: that of `--lan`, or of [server] interface, else [server] host.

    Raises SettingsError where it is not clear which one, or it has none.
    """
    from bedside.cli.invitation import the_only
    from bedside.network.interfaces import addresses_of, networks

    named = lan or settings.server.interface
    if not named and lan is None:
        return settings.server.host
    named = named or the_only(networks())
    try:
        address = ipaddress.IPv4Address(named)
    except ValueError:
        own = addresses_of(named)
    else:
        everywhere = {one for found in networks().values() for one in found}
        if address.is_unspecified or address.is_loopback:
            raise SettingsError(f"--lan {named}: expected the address of one network, such as {_example(everywhere)}")
        if named not in everywhere:
            print(
                f"bedside compose: this machine has no address {named} now; serve cannot start before", file=sys.stderr
            )
        return named
    if not own:
        said = ", ".join(f"{name} ({found[0]})" for name, found in networks().items()) or "none that has an address"
        raise SettingsError(
            f"--lan {named}: no interface of that name has an address now, and containers are reached at an address; "
            f"there is {said}. Connect it, or name the address that it will have"
        )
    return own[0]


def tell(settings: Settings, output: str, host: str) -> None:
    """Print what to do next."""
    compose, server = f"docker compose -f {output}", settings.server
    print(f"{output} is written. Start it:  {compose} up -d")
    if is_loopback(host):
        print(f"Then open http://127.0.0.1:{server.port}/?token=... with the token from {Path(output).parent / '.env'}")
        print("This machine alone can open it. To let tablets in: bedside compose --lan")
        return
    if server.tls != "off":
        print(f"A new tablet learns to trust this machine:  http://{host}:{server.trust_port}/trust")
    print(
        f"The page is {'http' if server.tls == 'off' else 'https'}://{host}:{server.port}/ and its code is printed by:"
    )
    print(f"  {compose} exec serve bedside access invite operator")


def compose_text(settings: Settings, config: Path, folder: Path, host: str = "127.0.0.1", cores: int = 0) -> str:
    """The text of the Compose file of these settings, to lie in `folder`. Raises SettingsError."""
    from bedside.compose.services import Place, document
    from bedside.compose.text import as_yaml

    place = Place(folder, host, cores or os.cpu_count() or 1)
    return HEADER.format(config=place.outside(config)) + as_yaml(document(settings, place, config.name))


def tags_of(settings: Settings) -> list[str]:
    """The images that the Compose file of these settings names."""
    from bedside.compose.baked import Baked, verb_tag
    from bedside.compose.images import VERBS
    from bedside.engine.environment import engine_file

    own = [engine for engine in settings.engines if not engine.url]
    baked = [Baked(engine, engine_file(settings.folder / engine.path, engine.name)) for engine in own]
    return [*map(verb_tag, VERBS), *dict.fromkeys(one.tag for one in baked)]


def build(settings: Settings, shown: Shown) -> None:
    """Make all images, and first those of engines with a Dockerfile, on which theirs stand. Raises BuildFailed."""
    from bedside.cli.beforehand import needed_by
    from bedside.compose.baked import Baked, verb_tag
    from bedside.compose.images import VERBS, EngineImage, build_verbs
    from bedside.engine.environment import engine_file

    for engine in settings.engines:
        if engine.url:
            continue
        needed = needed_by(engine) if engine.is_contained else None
        if needed is not None:
            needed.build(shown.of(engine.name))
        image = EngineImage(Baked(engine, engine_file(settings.folder / engine.path, engine.name)))
        image.build(shown.of(engine.name))
        shown.line(f"{engine.name}: {image.tag}")
    build_verbs(shown.of)
    shown.line(f"built: {', '.join(map(verb_tag, VERBS))}")


def write_env(path: Path) -> tuple[int, int]:
    """Write what is secret or this machine's own, keep what stands there; returns user and group of the containers."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:  # nothing in a container runs as root
        uid, gid = int(os.environ.get("SUDO_UID", FIRST_USER)), int(os.environ.get("SUDO_GID", FIRST_USER))
    fresh = {
        "BEDSIDE_UID": str(uid),
        "BEDSIDE_GID": str(gid),
        "BEDSIDE_VIDEO_GID": str(_group("video")),
        "BEDSIDE_SOURCE_TOKEN": secrets.token_hex(16),
        "BEDSIDE_SERVER_TOKEN": secrets.token_hex(16),
    }
    kept = _kept(path)
    lines = [f"{name}={value}" for name, value in (fresh | kept).items()]
    draft = path.with_name(".env.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        opened.write("\n".join(lines) + "\n")
    draft.replace(path)
    return int((fresh | kept)["BEDSIDE_UID"]), int((fresh | kept)["BEDSIDE_GID"])


def make_folders(settings: Settings, user: tuple[int, int]) -> None:
    """The folders that containers write; as root they are given to the containers' user."""
    from bedside.compose.services import writable_folders

    for folder in writable_folders(settings):
        folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            os.chown(folder, *user)
        elif not os.access(folder, os.W_OK):
            print(f"bedside compose: {folder} is not yours to write; the containers cannot either", file=sys.stderr)


def warn_of_closed(*needed: tuple[Path, int], user: tuple[int, int]) -> None:
    """Say which of these the containers' user may not use; each comes with the rights that it takes, such as 0o4."""
    for path, rights in needed:
        found = path.stat()
        whose = 6 if found.st_uid == user[0] else 3 if found.st_gid == user[1] else 0
        if found.st_mode >> whose & rights != rights:
            print(
                f"bedside compose: {path} is of mode {stat.S_IMODE(found.st_mode):04o}, and user {user[0]}, who runs "
                f"the containers, cannot read it: chmod o+rX {path}",
                file=sys.stderr,
            )


def _example(addresses: set[str]) -> str:
    return min(addresses, default="192.168.8.2")


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    pairs = [line.partition("=") for line in path.read_text(encoding="utf-8").splitlines()]
    return {name.strip(): value.strip() for name, equals, value in pairs if equals and not name.startswith("#")}


def _group(name: str) -> int:
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return 44  # Debian's, which nearly all have
