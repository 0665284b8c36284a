"""A session as one HTML file: pictures, plots and style are in it, nothing is asked of anywhere, and no script runs."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bedside import __version__, clock
from bedside.report import plots
from bedside.report.lanes import COLUMNS
from bedside.report.people import engine_ends, filled, given, noted
from bedside.report.replays import replays
from bedside.report.shown import Outlines, shown
from bedside.report.svg import clock_text
from bedside.report.timeline import timeline
from bedside.review.notes import Notes
from bedside.review.summary import Gathered, Summary, gather, summarise
from bedside.session.questionnaire import Questionnaire
from bedside.session.recorded import Recorded

MOST_PLANES = 20
MOST_LINES = 200
FEW = 3
STEPS = ("reading", "plots", "pictures", "writing")


def page(
    recorded: Recorded,
    asked: Mapping[str, Questionnaire],
    outlines: Outlines,
    on_step: Callable[[str], None] = lambda step: None,
) -> str:
    """The whole page. `asked` are the questionnaires that are known, by name; `on_step` hears of each of STEPS.

    Raises SessionError.
    """
    on_step(STEPS[0])
    known = gather(recorded)
    summary = summarise(recorded, known)
    notes = Notes(recorded.notes())
    on_step(STEPS[1])
    drawn = _plots(recorded, known, summary)
    on_step(STEPS[2])
    pictures, left_out, is_ticked = shown(recorded, notes, outlines)
    on_step(STEPS[3])
    engine = summary.engines.get(summary.engine)
    planes = list(engine.planes.items()) if engine else []
    longest = sorted(planes[:MOST_PLANES], key=lambda item: item[1].first_s)
    feedback, reviewed = given(recorded, known), noted(recorded, known)
    return (
        _environment()
        .get_template("report.html")
        .render(
            s=summary,
            e=engine,
            facts=_facts(summary),
            cards=_cards(summary),
            plots=drawn,
            timeline_column_s=summary.duration_s / COLUMNS,
            pace_column_s=plots.column_s(summary.duration_s),
            planes=longest,
            more_planes=max(0, len(planes) - MOST_PLANES),
            errors=", ".join(f"{one.errors} of {name}" for name, one in summary.engines.items() if one.errors),
            pictures=pictures,
            left_out=left_out,
            is_ticked=is_ticked,
            feedback=feedback[:MOST_LINES],
            more_feedback=max(0, len(feedback) - MOST_LINES),
            reviewed=reviewed[:MOST_LINES],
            more_reviewed=max(0, len(reviewed) - MOST_LINES),
            questionnaires=filled(summary, asked),
            lives=[
                (name, summary.engines.get(name), summary.lives.get(name))
                for name in dict.fromkeys([*summary.engines, *summary.lives])
            ],
            ends=engine_ends(recorded),
            replays=replays(recorded, known, summary),
            made_with=_made_with(recorded.about),
            version=__version__,
            made=datetime.fromtimestamp(clock.wall_ns() / clock.NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(clock=clock_text, percent=percent, ms=milliseconds)
    return environment


def percent(share: float, digits: int = 1) -> str:
    """0.1234 as 12.3 %."""
    return f"{100 * share:.{digits}f} %"


def milliseconds(value: float | None) -> str:
    """Three digits; a dash where it is not known."""
    return "–" if value is None else f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"


def counted(count: int, what: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _plots(recorded: Recorded, known: Gathered, summary: Summary) -> dict[str, Markup]:
    """SVG by name. It is made by matplotlib, which escapes what stands in it."""
    found = {"timeline": timeline(known, summary, recorded.marks, recorded.frames), "pace": ""}
    if summary.engine:
        found["shares"] = plots.shares(summary) if summary.engines[summary.engine].answered_s else ""
        found["latency"] = plots.latency(known, summary)
    if len(recorded.frames) or summary.engine:
        found["pace"] = plots.pace(known, summary, recorded.frames)
    return {name: Markup(svg) for name, svg in found.items()}


def _facts(summary: Summary) -> list[tuple[str, str]]:
    video = summary.video
    size = f"{counted(video.segments, 'file')}, {video.bytes / 1e6:.0f} MB"
    recording = f"{clock_text(video.video_s)} in {size}" if video.frames else "none"
    frozen = (
        f"{counted(summary.freezes, 'time')}, {clock_text(summary.frozen_s)} in all" if summary.freezes else "never"
    )
    pages = ", ".join(f"{view or 'unnamed'} ({opened})" for view, opened in summary.pages.items())
    return [
        ("Participant", summary.participant or "no code"),
        ("Arm", summary.arm or "none"),
        ("Consent", {True: "noted", False: "not given", None: "not asked"}[summary.consent]),
        ("State", summary.state),
        ("Start", _moment(summary.start)),
        ("End", _moment(summary.end)),
        ("Duration", clock_text(summary.duration_s)),
        ("Recording", recording),
        ("Frozen", frozen),
        ("Without picture", clock_text(summary.dark_s)),
        ("Pages opened", pages or "none"),
        ("Kept", f"{counted(summary.snapshots, 'snapshot')}, {counted(summary.best, 'best frame')}"),
    ]


def _moment(text: str) -> str:
    """An ISO time as people read it; what is none stays as it is."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError):
        return text or "not noted"


def _cards(summary: Summary) -> list[tuple[str, str]]:
    cards = [(clock_text(summary.duration_s), "duration, minutes:seconds")]
    engine = summary.engines.get(summary.engine)
    if engine:
        good = [plane.first_good_s for plane in engine.planes.values() if plane.first_good_s is not None]
        cards.append((f"{len(good)} of {len(engine.planes)}", "labels that were good at least once"))
        if good:
            cards.append((clock_text(max(good)), "until the last of them was good first"))
        cards.append((percent(engine.levels["good"]), "of the time with answers was good"))
        if engine.age_ms.p50 is not None:
            cards.append((f"{milliseconds(engine.age_ms.p50)} ms", "median age of an answer"))
    if summary.video.frames:
        wanted = summary.video.frames + summary.video.losses
        cards.append((f"{summary.video.losses:,}", f"of {wanted:,} frames were lost"))
    return cards


def _made_with(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Versions, and each engine with its fingerprint."""
    versions, engines = about.get("versions"), about.get("engines")
    found = [(str(name), str(text)) for name, text in versions.items()] if isinstance(versions, Mapping) else []
    for name, engine in engines.items() if isinstance(engines, Mapping) else ():
        parts = dict(engine) if isinstance(engine, Mapping) else {"": engine}
        if isinstance(parts.get("path"), str):
            parts["path"] = Path(parts["path"]).name  # where it lay may name a person's account
        found.append((f"engine {name}", " · ".join(f"{key} {_brief(value)}".strip() for key, value in parts.items())))
    return found or [("versions", "not noted")]


def _brief(value: object) -> str:
    if isinstance(value, Mapping):
        return (
            f"{len(value)} files" if len(value) > 3 else ", ".join(f"{key} {_brief(one)}" for key, one in value.items())
        )
    return str(value)[:200]
