"""What is measured: each suite is one function that yields its figures."""

import asyncio
import os
import signal
import sys
import time
import tomllib
from collections.abc import Callable
from typing import Any

from bench import rig
from bench import ways as ways_
from bench.case_suites import case, phantom
from bench.containers import boot, containers
from bench.engines import bare_rate
from bench.figure import Figure
from bench.fuzz import fuzz
from bench.limit_suites import limit
from bench.link_suites import bandwidth, link_loss
from bench.numbers import Spread, slope_per_minute, spread
from bench.painting import paint
from bench.peer_suites import peer_deaths, peer_pages, peers
from bench.scale_suites import scale_engines, scale_sizes, scale_sources, scale_viewers
from bench.session_suites import record, replay, review
from bench.table1 import table1
from bench.watch import Watched, stall, watch

SETTLE_S = 3.0
"""Answers and pictures of the first seconds are left out: processes warm up."""


def added(seconds: float) -> list[Figure]:
    """What Bedside adds to a frame at 1080p: an empty model, one page watching."""
    with rig.bedside("up", ["empty"]) as up:
        rig.answering(up, "empty")
        seen = asyncio.run(watch(up.url, seconds + SETTLE_S))
    rows = [result["timing"] for _, result in settled(seen.results)]
    times = spread([row["added_ms"] for row in rows])
    stages = {name: spread([row["stages_ms"][name] for row in rows]) for name in rows[0]["stages_ms"]}
    return [
        Figure(
            "added per frame, 1920x1080, engine on the same machine",
            f"p50 {times.p50:.1f} ms, p99 {times.p99:.1f} ms",
            "p50 <= 2 ms, p99 <= 8 ms",
            {"added_ms": times, "stages_ms": stages},
        )
    ]


def rate(seconds: float) -> list[Figure]:
    """A model of 40 ms: its own rate in a bare loop, and live, in turn in one run."""
    shares, bare, live = [], [], []
    for _ in range(2):
        bare.append(bare_rate("busy_40ms", seconds / 2))
        with rig.bedside("up", ["busy_40ms"]) as up:
            rig.answering(up, "busy_40ms")
            seen = asyncio.run(watch(up.url, seconds + SETTLE_S, view="verdict"))
        times = [t for t, _ in settled(seen.results)]
        live.append((len(times) - 1) / (times[-1] - times[0]))
        shares.append(live[-1] / bare[-1])
    share = spread(shares).p50
    detail = {"bare_per_s": bare, "live_per_s": live, "shares": shares}
    return [Figure("answers per second / the model's own rate, 40 ms model", f"{share:.3f}", ">= 0.97", detail)]


def age(seconds: float) -> list[Figure]:
    """How old the frame is that an answer speaks of when the answer is there, and whether that grows."""
    figures = []
    for engine, model_ms in (("busy_40ms", 40), ("busy_1s", 1000)):
        with rig.bedside("up", [engine]) as up:
            rig.answering(up, engine)
            seen = asyncio.run(watch(up.url, max(seconds, 20) + SETTLE_S, view="verdict"))
        rows = [(t, result["age_ms"]) for t, result in settled(seen.results)]
        ages = spread([value for _, value in rows])
        slope = slope_per_minute([t for t, _ in rows], [value for _, value in rows])
        text = f"p50 {ages.p50:.0f} ms, {slope:+.1f} ms a minute"
        name = f"age of the frame that an answer speaks of, {model_ms} ms model"
        figures.append(
            Figure(name, text, f"p50 <= {model_ms + 20} ms, flat", {"age_ms": ages, "slope_per_minute": slope})
        )
    return figures


def viewers(seconds: float) -> list[Figure]:
    """Eight pages at 960 pixels, one of them asleep."""

    async def all_of(url: str) -> list[Watched]:
        asleep = asyncio.create_task(stall(url, seconds + SETTLE_S))
        seen = await asyncio.gather(*(watch(url, seconds + SETTLE_S, view="video", answer=0) for _ in range(7)))
        asleep.cancel()
        return list(seen)

    with rig.bedside("up") as up:
        rig.until(lambda: up.health().get("frame", {}).get("seq"), "a first frame")
        seen = asyncio.run(all_of(up.url))
    rates = [one.fps("live", SETTLE_S) for one in seen]
    value = f"slowest of seven {min(rates):.1f} fps"
    return [Figure("eight viewers at 960 px, one of them stalled", value, ">= 25 fps each", {"fps": rates})]


def kill(rounds: int = 5) -> list[Figure]:
    """From `kill -9` of an engine to its next answer, less the engine's own time from start to first answer.

    Once in each run; then as often in one run, where the supervisor waits longer after each death.
    """
    load_s = own_start_s()
    alone = [wait for _ in range(rounds) for wait in killed(1)]
    figures = []
    for name, waits, asked in (
        ("killed engine answers again, beyond its own start", alone, "<= 1 s"),
        (f"the same, killed {rounds} times within seconds: the wait grows", killed(rounds), "-"),
    ):
        extra = spread([wait - load_s for wait in waits])
        value = f"{extra.p50:+.1f} s, at most {extra.largest:+.1f} s"
        figures.append(Figure(name, value, asked, {"waits_s": waits, "load_s": load_s}))
    return figures


def killed(times: int) -> list[float]:
    """Seconds from each `kill -9` of the empty engine to its next answer, all in one run."""
    waits = []
    with rig.bedside("up", ["empty"]) as up:
        rig.answering(up, "empty")
        for _ in range(times):
            pid = next(p for p, line in rig.children(up.process.pid).items() if rig.role(line) == "engine empty")
            before = engine_of(up)["restarts"]
            os.kill(pid, signal.SIGKILL)
            killed_s = time.monotonic()
            back = rig.until(lambda before=before: came_back(up, before), "the engine coming back")
            rig.until(lambda back=back: engine_of(up)["answers"] > back["answers"], "an answer after kill -9")
            waits.append(time.monotonic() - killed_s)
            time.sleep(1)
    return waits


def engine_of(up: rig.Rig) -> dict[str, Any]:
    """The empty engine's part of /health."""
    return dict(up.health()["engines"]["empty"])


def came_back(up: rig.Rig, restarts: int) -> dict[str, Any] | None:
    """The engine's part of /health once it has been restarted more often than `restarts`."""
    row = engine_of(up)
    return row if row["restarts"] > restarts else None


def own_start_s() -> float:
    """Seconds from starting the empty engine's process to its being ready, without Bedside around it."""
    with rig.bedside("broadcast", ["empty"]) as up:
        config = up.folder / "bedside.toml"
        port = tomllib.loads(config.read_text())["engine"][0]["port"]
        started_s = time.monotonic()
        process = rig.start("engine empty", config, sys.stderr)
        try:
            rig.until(lambda: rig.get_json(f"http://127.0.0.1:{port}/v2/health/ready").get("state") == "READY", "ready")
            return time.monotonic() - started_s
        finally:
            rig.stop(process)


def first_picture(rounds: int = 3) -> list[Figure]:
    """From the start of `bedside up` to the first picture at a page."""
    waits = []
    for _ in range(rounds):
        with rig.bedside("up", ["empty"]) as up:
            rig.until(lambda up=up: up.health().get("version"), "a server")
            asyncio.run(watch(up.url, 0.0, view="video"))
            waits.append(time.monotonic() - up.started_s)
    times = spread(waits)
    return [Figure("`bedside up` to first picture", f"p50 {times.p50:.1f} s", "<= 3 s", {"waits_s": waits})]


def memory(seconds: float) -> list[Figure]:
    """Memory and processor share of each process at 1080p30 with one page and the example engine's work."""
    with rig.bedside("up", ["busy_40ms"]) as up:
        rig.answering(up, "busy_40ms")
        pids = rig.children(up.process.pid) | {up.process.pid: "up"}
        before = {pid: rig.cpu_s(pid) for pid in pids}
        asyncio.run(watch(up.url, seconds))
        rows = {}
        for pid, line in pids.items():
            resident, private = rig.memory_mb(pid)
            name = "supervisor" if line == "up" else rig.role(line)
            rows[name] = {
                "resident_mb": resident,
                "private_mb": private,
                "cores": (rig.cpu_s(pid) - before[pid]) / seconds,
            }
    own = {name: row for name, row in rows.items() if not name.startswith("engine")}
    largest = max(own, key=lambda name: own[name]["resident_mb"])
    value = f"largest is the {largest} with {own[largest]['resident_mb']:.0f} MB"
    return [Figure("resident memory of each Bedside process", value, "<= 200 MB", rows)]


def settled(results: list[tuple[float, dict[str, Any]]]) -> list[tuple[float, dict[str, Any]]]:
    """Results after the first seconds. Raises ValueError when none are left."""
    kept = [(t, result) for t, result in results if t > results[0][0] + SETTLE_S and not result.get("error")]
    if not kept:
        raise ValueError("no answers were measured")
    return kept


def ways(seconds: float) -> list[Figure]:
    """What each way to an engine adds, at each size; the picture is 1920x1080 and the engine asks for the size."""
    found: dict[str, dict[str, Spread]] = {}
    for way, size, times in ways_.ways(seconds / 2):
        found.setdefault(way, {})[size] = times
    return [
        Figure(
            f"added per frame, {way}, p50 at {' / '.join(sizes)}",
            " / ".join(f"{times.p50:.1f}" for times in sizes.values()) + " ms",
            "30 to 60 ms in the paper",
            {"added_ms": sizes},
        )
        for way, sizes in found.items()
    ]


def replicas(seconds: float) -> list[Figure]:
    """A model that waits 0.2 s, in one process and in two."""
    rates = ways_.replicas(seconds)
    value = f"{rates[2] / rates[1]:.2f} ({rates[1]:.1f} and {rates[2]:.1f} a second)"
    return [Figure("two replicas over one, model of 0.2 s that waits", value, "about 2", {"answers_per_s": rates})]


SUITES: dict[str, Callable[[float], list[Figure]]] = {
    "added": added,
    "rate": rate,
    "age": age,
    "paint": paint,
    "limit": limit,
    "viewers": viewers,
    "kill": lambda seconds: kill(),
    "first_picture": lambda seconds: first_picture(),
    "memory": memory,
    "ways": ways,
    "replicas": replicas,
    "record": record,
    "replay": replay,
    "review": review,
    "phantom": phantom,
    "case": case,
    "table1": table1,
    "bandwidth": bandwidth,
    "link_loss": lambda seconds: link_loss(),
    "containers": containers,
    "boot": lambda seconds: boot(),
    "fuzz": fuzz,
    "scale_viewers": scale_viewers,
    "scale_engines": scale_engines,
    "scale_sources": scale_sources,
    "scale_sizes": scale_sizes,
    "peers": peers,
    "peer_pages": peer_pages,
    "peer_deaths": lambda seconds: peer_deaths(),
}

__all__ = ["SUITES", "Figure", "Spread"]
