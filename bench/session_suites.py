"""What is measured of sessions: recorded, replayed, reviewed. Each suite is one function that yields its figures."""

from dataclasses import asdict

from bench import recording, replays, reviews
from bench.engines import bare_rate
from bench.figure import Figure
from bench.numbers import spread


def replay(seconds: float) -> list[Figure]:
    """A session of 1920x1080 through a model of 40 ms and an empty one, as fast as it goes, and the model alone."""
    shares, bare, fast = [], [], []
    for _ in range(2):
        bare.append(bare_rate("busy_40ms", seconds / 4))
        said = replays.replayed("busy_40ms", int(seconds * bare[-1] / 2))
        fast.append(said["results"] / said["seconds"])
        shares.append(fast[-1] / bare[-1])
    empty = replays.replayed("empty", int(seconds * replays.FPS))
    rate = empty["results"] / empty["seconds"]
    return [
        Figure(
            "replay at full speed / the model's own rate, 1920x1080, 40 ms model",
            f"{spread(shares).p50:.3f}",
            ">= 0.97",
            {"bare_per_s": bare, "replay_per_s": fast, "shares": shares},
        ),
        Figure(
            "replay at full speed, 1920x1080, empty model",
            f"{rate:.0f} frames a second, {rate / replays.FPS:.1f} times the scan",
            "faster than the scan",
            {"frames": empty["frames"], "seconds": empty["seconds"]},
        ),
    ]


def record(seconds: float) -> list[Figure]:
    """A recording at 1080p30 beside an engine that never rests: what it loses and costs; then what a kill loses."""
    found = recording.record(max(seconds, 60))
    lost = sum(found.lost.values()) - found.lost.get("source", 0)
    kills = recording.kills(3)
    missing, again = (spread(column) for column in zip(*kills, strict=True))
    detail = asdict(found)
    return [
        Figure(
            f"frames lost by recording {found.seconds / 60:.0f} min at 1080p30, engine busy",
            f"{lost} of {found.frames + lost}",
            "none",
            detail,
        ),
        Figure("recorder's processor share at 1080p30", f"{found.cores:.2f} core", "<= 0.6 core", detail),
        Figure(
            "recorder's memory at 1080p30",
            f"{found.resident_mb.largest:.0f} MB, {found.private_mb.largest:.0f} MB of it private",
            "<= 200 MB",
            detail,
        ),
        Figure("video of the synthetic scanner, 1080p30", f"{found.bytes_a_minute / 1e6:.0f} MB a minute", "-", detail),
        Figure(
            "pictures before a kill -9 of the recorder that are lost",
            f"{missing.p50:.1f} s, at most {missing.largest:.1f} s",
            "1 s",
            {"kills_s": kills},
        ),
        Figure(
            "recording again after a kill -9 of the recorder, of three a minute",
            f"{again.p50:.1f} s, at most {again.largest:.1f} s",
            "-",
            {"kills_s": kills},
        ),
    ]


def review(seconds: float) -> list[Figure]:
    """A session of an hour at 1080p30, opened and searched."""
    found = reviews.reviewed()
    opens, seeks, pages, taps = (
        spread(times) for times in (found.open_s, found.seek_s, found.open_page_s, found.seek_page_s)
    )
    detail = asdict(found)
    return [
        Figure(
            "session of an hour: opened, with its timeline and its first picture",
            f"p50 {opens.p50:.1f} s, in Chromium {pages.p50:.1f} s",
            "<= 3 s",
            detail | {"open": opens, "open_page": pages},
        ),
        Figure(
            "session of an hour: any frame, exactly",
            f"p50 {seeks.p50:.2f} s, p95 {seeks.p95:.2f} s, in Chromium p50 {taps.p50:.2f} s",
            "<= 1 s",
            detail | {"seek": seeks, "seek_page": taps},
        ),
        Figure("memory of `bedside review` with an hour open", f"{found.resident_mb:.0f} MB", "<= 400 MB", detail),
    ]
