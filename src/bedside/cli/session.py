"""`bedside session`: starts, records, ends and lists sessions, with a running server or without one."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.cli.deeds import note
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SessionError, SettingsError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.session.desk import Desk

GB = 1e9
NS_PER_S = 1e9
DOC = """\
start, record, end, list, show and prune sessions

A session is a folder with all that happened in one scan. It can be started here or on the page; a running server and
recorder follow at once. Without them the folder is made all the same, and they join when they come.

examples:
  bedside session start P1 --arm explain --consent      a session for participant P1, recorded
  bedside session start P2 --no-video                   without video
  bedside session record off                            the same session, no more video from now on
  bedside session stop
  bedside session list
  bedside session show                                  the one that runs, or the last
  bedside session prune --older-than 90 --dry-run       which sessions are older; without --dry-run they are deleted
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "session", run, DOC)
    parser.add_argument("action", choices=sorted(ACTIONS), help="what to do")
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="start: participant code; record: on or off; show: a session"
    )
    parser.add_argument("--arm", metavar="VIEW", help="start: the view that the participant's pages show")
    parser.add_argument(
        "--consent",
        action=argparse.BooleanOptionalAction,
        help="start: the participant has agreed to be recorded, or has not",
    )
    parser.add_argument("--no-video", action="store_true", help="start: record no video")
    parser.add_argument("--older-than", type=float, metavar="DAYS", help="prune: instead of [session] keep_days")
    parser.add_argument("--dry-run", action="store_true", help="prune: only say which sessions it would delete")
    parser.add_argument("--json", action="store_true", help="for a program")


def run(arguments: argparse.Namespace) -> int:
    """Do it, and say what became of it."""
    settings, _ = settings_of(arguments)
    answer, sentence = ACTIONS[arguments.action](arguments, settings)
    print(json.dumps(answer, indent=2) if arguments.json else sentence)
    return 0


def desk_of(settings: Settings) -> "Desk":
    """Where sessions of these settings are started and ended."""
    from bedside.session.desk import Desk

    recorder = settings.recorder
    return Desk(
        root_of(settings),
        needs_consent=settings.session.needs_consent,
        needed_bytes=round((recorder.session_gb + recorder.reserve_gb) * GB),
    )


def root_of(settings: Settings) -> Path:
    """The folder of all sessions."""
    return settings.folder / Path(settings.session.folder).expanduser()


Answer = tuple[dict[str, Any], str]


def _start(arguments: argparse.Namespace, settings: Settings) -> Answer:
    from bedside.cli.fingerprint import made_with
    from bedside.session.desk import Who
    from bedside.session.names import check_participant

    session = settings.session
    arm = session.arm or settings.server.view if arguments.arm is None else arguments.arm
    if arm not in settings.views:
        raise SettingsError(f"--arm is {arm!r}; expected one of {', '.join(settings.views)}")
    who = Who(arguments.name or session.participant, arm, arguments.consent)
    check_participant(who.participant)
    recording = not arguments.no_video
    if recording and session.needs_consent and arguments.consent is not True:
        raise SettingsError(
            "nothing says that the participant has agreed to be recorded; add --consent where that is so, or --no-video"
        )
    desk = desk_of(settings)
    name = desk.start(who, made_with(settings), recording=recording)
    note(settings, "session start", session=name)
    video = "with video" if recording else "without video"
    sentence = f"Session {name} runs, {video}. `bedside session stop` ends it."
    if recording:
        sentence += _without_recorder(desk)
    return {"session": name, "recording": recording}, sentence


def _without_recorder(desk: "Desk") -> str:
    """What to do where no recorder would follow; empty where one does."""
    from bedside.messages import RecorderState
    from bedside.session import recorder_file

    recorder = recorder_file.read(desk.live)
    if recorder is not None and recorder.state is not RecorderState.GONE:
        return ""
    return (
        f"\nNo recorder runs for {desk.live.root}, so there is no video yet: start `bedside up` or `bedside record` "
        "with the same settings. If one runs with other settings, name them with --config."
    )


def _stop(_: argparse.Namespace, settings: Settings) -> Answer:
    name = desk_of(settings).end()
    note(settings, "session end", session=name)
    return {"session": name}, f"Session {name} has ended. It lies in {root_of(settings) / name}"


def _record(arguments: argparse.Namespace, settings: Settings) -> Answer:
    if arguments.name not in ("on", "off"):
        raise SettingsError(f"record needs on or off; it was given {arguments.name or 'nothing'}")
    on = arguments.name == "on"
    desk = desk_of(settings)
    desk.record(on)
    note(settings, "session record", session=desk.wanted().session, on=on)
    sentence = "No more video is wanted."
    if on:
        sentence = f"Video of session {desk.wanted().session} is wanted.{_without_recorder(desk)}"
    return {"on": on}, sentence


def _list(_: argparse.Namespace, settings: Settings) -> Answer:
    from bedside.session.recorded import sessions

    running = desk_of(settings).wanted()
    found = [_about(path, running.session) for path in sessions(root_of(settings))]
    lines = [f"{one['name']:<40} {_length(one):>9}  {one['arm']:<12} {one['state']}" for one in found]
    return {"sessions": found}, "\n".join(lines) or f"There is no session in {root_of(settings)}."


def _show(arguments: argparse.Namespace, settings: Settings) -> Answer:
    from bedside.cli.which_session import LAST, Which
    from bedside.session import recorder_file
    from bedside.session.recorded import Recorded

    desk = desk_of(settings)
    running = desk.wanted()
    session = Recorded(Which(arguments.name or running.session or LAST, Path.cwd()).folder(root_of(settings)))
    about = _about(session.folder, running.session)
    shown = about | {
        "folder": str(session.folder.resolve()),
        "frames": len(session.frames),
        "losses": sum(loss.count for loss in session.frames.losses),
        "segments": [segment.path.name for segment in session.segments.values()],
        "results": len(session.results),
        "marks": len(session.marks),
        "snapshots": [item.name for item in session.snapshots],
        "best": [item.name for item in session.best],
        "replays": session.replays,
    }
    recorder = recorder_file.read(desk.live) if about["state"] == "runs" else None
    if recorder is not None and running.recording:
        shown["recorder"] = {"state": str(recorder.state), "message": recorder.message}
    width = max(map(len, shown))
    lines = [f"{name:<{width}}  {_text(value)}" for name, value in shown.items()]
    return shown, "\n".join(lines)


def _prune(arguments: argparse.Namespace, settings: Settings) -> Answer:
    from bedside.cli.prune import prune

    names = prune(settings, arguments.older_than, is_dry=arguments.dry_run)
    did = "would be deleted" if arguments.dry_run else "deleted"
    return {"deleted": names, "dry_run": arguments.dry_run}, "\n".join([f"{len(names)} sessions {did}", *names])


ACTIONS = {"prune": _prune, "start": _start, "stop": _stop, "record": _record, "list": _list, "show": _show}


def _about(folder: Path, running: str) -> dict[str, Any]:
    """What the list says of a session; a broken one says why."""
    from bedside.session.recorded import Recorded

    try:
        about = Recorded(folder).about
    except SessionError as error:
        return {"name": folder.name, "participant": "", "arm": "", "seconds": None, "state": f"broken: {error}"}
    has_ended = isinstance(about.get("end_monotonic_ns"), int)
    seconds = (
        (about["end_monotonic_ns"] - about["start_monotonic_ns"]) / NS_PER_S
        if has_ended and isinstance(about.get("start_monotonic_ns"), int)
        else None
    )
    state = "runs" if folder.name == running else "ended" if has_ended else "broken off"
    return {
        "name": folder.name,
        "participant": str(about.get("participant", "")),
        "arm": str(about.get("arm", "")),
        "consent": about.get("consent"),
        "seconds": seconds,
        "state": state,
    }


def _length(one: dict[str, Any]) -> str:
    seconds = one["seconds"]
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def _text(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(str, value)) or "none"
        case dict():
            return ", ".join(str(item) for item in value.values() if item)
        case bool():
            return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)
