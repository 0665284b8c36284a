"""The tables of `bedside.toml`: every name, type, default and help text stands here and nowhere else."""

import os
import re
from dataclasses import dataclass

from bedside.settings_value import setting

WHEN = r"always|frozen|every (?P<every_s>\d+(\.\d+)?) s"
"""When an engine is asked."""
SECRET = r"[!-~]{8,}"
"""What a header and an address can carry."""


@dataclass(frozen=True)
class SourceSettings:
    """[source]: where the picture comes from. The broadcaster reads this."""

    url: str = setting(
        "synthetic:", "v4l2:, v4l2:/dev/v4l/by-id/..., opencv:0, file:clip.mp4?loop=1, phantom:, synthetic:"
    )
    host: str = setting("127.0.0.1", "interface on which the broadcaster listens")
    port: int = setting(8710, "port on which the broadcaster listens", least=1, most=65535)
    token: str = setting(
        "",
        "secret that subscribers show, 8 ASCII characters or more; needed when others can reach host",
        pattern=SECRET,
    )
    crop: tuple[int, ...] = setting(
        (), "the part that leaves the broadcaster, [x, y, width, height] in pixels; [] is all", length=4
    )
    mask: tuple[tuple[int, ...], ...] = setting(
        (), "parts painted black, [[x, y, width, height], ...] in pixels of the whole picture", length=4
    )
    fan: tuple[int, ...] = setting((), "where the scan moves, [x, y, width, height]; [] finds it by itself", length=4)
    size: str = setting(
        "",
        "size such as 1920x1080; empty takes the best of the device; beside crop or mask no other size is shown",
        pattern=r"[1-9]\d{1,4}x[1-9]\d{1,4}",
    )
    fps: float = setting(0.0, "at most so many frames per second; 0 is as fast as they come", least=0)
    color_range: str = setting("auto", "what the device delivers", choices=("auto", "full", "limited"))
    pixel_spacing_mm: float = setting(
        0.0, "millimetres a pixel of the whole picture, at the depth that is used; 0 is unknown", least=0
    )
    placeholder: str = setting("", "image file of what this box shows when it has no signal")
    frozen_after_s: float = setting(0.7, "so long the fan must stand still to count as frozen", least=0.1)
    preset: str = setting(
        "",
        "crop, mask, fan and size of one scanner, as the setup page saved them in presets/NAME.toml",
        pattern=r"[\w-]{1,64}",
    )
    on_layout_change: str = setting(
        "stop",
        "what happens when the scanner's screen is no longer the preset's, so that masks may not fit",
        choices=("stop", "warn"),
    )
    slots: int = setting(8, "pictures in the ring; more let slow readers look back further", least=2, most=64)


@dataclass(frozen=True)
class ServerSettings:
    """[server]: pages, health and the router. `bedside serve` reads this."""

    host: str = setting("127.0.0.1", "interface on which the pages are served")
    port: int = setting(8080, "port on which the pages are served", least=1, most=65535)
    source: str = setting("", "the broadcaster's address, such as ws://10.0.0.5:8710/frames; empty starts one here")
    encoding: str = setting(
        "auto",
        "how frames come: shm through shared memory, exactly; jpeg over the network; auto by the broadcaster's address",
        choices=("auto", "shm", "jpeg"),
    )
    token: str = setting(
        "",
        "secret of scripts, which may do all, 8 ASCII characters or more; tablets are paired instead",
        pattern=SECRET,
    )
    interface: str = setting(
        "", "network interface by which tablets come in, as by `bedside up --lan`, such as wlan0; empty lets none in"
    )
    address: str = setting(
        "",
        "address at which others reach the pages, where the server cannot see it, as in a container; "
        "`bedside compose` sets it",
        pattern=r"\d{1,3}(\.\d{1,3}){3}",
    )
    name: str = setting(
        "bedside", "the machine is called NAME.local on the network", pattern=r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    )
    tls: str = setting(
        "auto",
        "whether pages are encrypted; auto where others can reach them, off on a closed network only",
        choices=("auto", "on", "off"),
    )
    trust_port: int = setting(
        8081, "port of the page that has a tablet trust this machine, where pages are encrypted", least=1, most=65535
    )
    signed_in_h: float = setting(12.0, "a tablet that was not used for so long is signed out; 0 is never", least=0)
    access: str = setting("access", "folder of paired devices, the access log and the certificates")
    view: str = setting("explain", "the view that / shows")
    jpeg_quality: int = setting(85, "quality of the pages' pictures, 1 to 100", least=1, most=100)
    frame_max_age_s: float = setting(2.0, "an older newest frame turns /health red", least=0.1)
    answer_max_age_s: float = setting(
        0.0, "an older newest answer turns /health red; 0 takes each engine's deadline", least=0
    )
    page_dir: str = setting("", "serve the page's files from this folder, for work on the page")


@dataclass(frozen=True)
class SessionSettings:
    """[session]: where what is kept is kept, and what is asked."""

    folder: str = setting("sessions", "folder of all sessions")
    participant: str = setting("", "participant code such as P1 that the form proposes; never a name")
    arm: str = setting("", "arm of the study that the form proposes: the name of a view; empty is [server] view")
    keep_days: float = setting(0.0, "a session is deleted so long after its end; 0 keeps all", least=0)
    needs_consent: bool = setting(True, "video is recorded only in a session whose participant has agreed to it")
    masks: str = setting(
        "all", "which of the engines' masks are kept with their results", choices=("all", "snapshots", "none")
    )
    planes: tuple[str, ...] = setting(
        (), 'labels of the verdicts that a scan needs, such as ["Head", "Femur"]: a strip under the picture'
    )
    questionnaires: tuple[str, ...] = setting(
        (), 'asked at the end of a session: likert, nasa-tlx, sus, or files of your own, such as ["sus", "mine.toml"]'
    )


@dataclass(frozen=True)
class RecorderSettings:
    """[recorder]: how video is recorded. `bedside record` reads this."""

    encoder: str = setting("libx264", "FFmpeg's name of the encoder, such as libx264, h264_nvenc or h264_qsv")
    options: tuple[str, ...] = setting((), 'options of the encoder instead of ours, such as ["preset=fast", "crf=18"]')
    lossless: bool = setting(False, "FFV1 in Matroska instead: every pixel exactly, about ten times the bytes")
    segment_s: float = setting(600.0, "a new file after so long", least=1)
    reserve_gb: float = setting(2.0, "recording stops when less than this is free on the disk", least=0)
    session_gb: float = setting(5.0, "so much beyond the reserve must be free when a session starts", least=0)
    clip_s: float = setting(8.0, "so much before a snapshot is kept as a clip; 0 keeps none", least=0, most=60)


@dataclass(frozen=True)
class PacsSettings:
    """[pacs]: the archive that `bedside export --to-pacs` sends to."""

    address: str = setting("", "AE_TITLE@host:port, such as ORTHANC@127.0.0.1:4242")
    ae_title: str = setting("BEDSIDE", "what Bedside calls itself", pattern=r"[!-\[\]-~]{1,16}")


@dataclass(frozen=True)
class EngineSettings:
    """[[engine]]: one model, in its own process, container or machine."""

    name: str = setting("", "short name, letters a to z, digits, - and _")
    path: str = setting("", "folder with engine.py, or a file; predict(frame) or class Engine in it")
    python: str = setting(
        "", "interpreter that runs it, a path or a name such as python3.8; empty is the one that runs Bedside"
    )
    requirements: str = setting(
        "", "file in its folder, such as requirements.txt; an environment of its own is made from it, once"
    )
    image: str = setting("", "Docker image that it runs in")
    dockerfile: str = setting("", "file in its folder, such as Dockerfile; an image is built from it, once")
    docker_options: tuple[str, ...] = setting((), 'more options for `docker run`, such as ["--gpus", "all"]')
    url: str = setting(
        "", "address of a server that somebody else keeps running, http, https, grpc or grpcs; empty starts one here"
    )
    model: str = setting("", "the model's name on the server at url; empty is the engine's name")
    token: str = setting("", "secret for the server at url, sent as Authorization: Bearer", pattern=r"[!-~]+")
    ca_file: str = setting("", "certificate that the server at url is trusted by; empty trusts this machine's")
    adapter: str = setting(
        "", "file with request(frame, info) and result(outputs), for a server that speaks in raw tensors"
    )
    encoding: str = setting(
        "raw",
        "how pixels reach a server on another machine; jpeg takes less network and changes them",
        choices=("raw", "jpeg"),
    )
    concurrency: int = setting(
        1, "so many frames at once: processes here, or requests to url; answers stay in order", least=1, most=64
    )
    port: int = setting(
        0, "port of its (first) process; 0 is 8720 for the first engine, then the next free ones", least=0, most=65535
    )
    region: tuple[int, ...] = setting(
        (), "the part of the frame that it sees, [x, y, width, height] in pixels; [] is all", length=4
    )
    size: tuple[int, ...] = setting((), "[width, height] that it wants; [] is the picture's own", length=2)
    color: str = setting("rgb", "what it wants", choices=("rgb", "bgr", "grey"))
    window: int = setting(0, "it gets the last so many frames at once; 0 is one frame", least=0, most=256)
    when: str = setting(
        "always",
        'always; frozen, once each time the scanner is frozen; or at most in an interval, such as "every 0.5 s"',
        pattern=WHEN,
    )
    memory_gb: float = setting(0.0, "memory that it may use; 0 is three quarters of the machine's", least=0)
    cpus: float = setting(0.0, "processor cores that it may use; 0 is all", least=0)
    processes: int = setting(0, "processes that it may have, its own included; 0 is 64", least=0)
    deadline_s: float = setting(10.0, "an answer that takes longer means that it hangs; it is restarted", least=0.1)
    start_deadline_s: float = setting(300.0, "loading that takes longer means that it hangs; it is restarted", least=1)

    @property
    def every_s(self) -> float:
        """Seconds between two answers at least, by `when`; 0 is as fast as it goes."""
        interval = re.fullmatch(WHEN, self.when)
        return float(interval["every_s"] or 0) if interval else 0.0

    @property
    def memory_bytes(self) -> int:
        """What it and all that it starts may use."""
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return int(self.memory_gb * 2**30) or machine * 3 // 4

    @property
    def most_processes(self) -> int:
        """How many processes it may have, its own included."""
        return self.processes or 64

    @property
    def ports(self) -> range:
        """The ports of its processes."""
        return range(self.port, self.port + self.concurrency)

    @property
    def is_contained(self) -> bool:
        """Whether it runs in a container."""
        return bool(self.image or self.dockerfile)

    @property
    def is_on_freeze(self) -> bool:
        """Whether it is asked once each time the scanner is frozen, and else not."""
        return self.when == "frozen"


@dataclass(frozen=True)
class PipelineSettings:
    """[pipeline]: a few lines of your own that call the engines and return one result."""

    path: str = setting("", "file with `async def pipeline(frame, engines)`; empty shows each engine's own answers")
    deadline_s: float = setting(10.0, "an answer that takes longer is given up", least=0.01)


@dataclass(frozen=True)
class ViewSettings:
    """[view.NAME]: what a page shows. explain, verdict, video and monitor are there by themselves."""

    title: str = setting("", "name on the page; empty is the view's own name")
    picture: str = setting(
        "answer", "the large picture: the newest answered one, or the live one", choices=("answer", "live")
    )
    inset: bool = setting(True, "the other picture, small, in a corner")
    overlay: bool = setting(True, "mask, boxes, points, lines and ellipses on the answered picture")
    verdict: bool = setting(True, "the verdict")
    explanation: bool = setting(True, "concepts, classes, measurements, guidance and text")
    controls: bool = setting(True, "buttons for freeze and snapshot")
    wide: bool = setting(False, "the picture fills the screen and the verdict lies in its corner")

    @property
    def has_answers(self) -> bool:
        """Whether anything of an engine reaches this view; the control arm of a study has none."""
        return self.overlay or self.verdict or self.explanation or self.picture == "answer"


VIEWS: dict[str, ViewSettings] = {
    "explain": ViewSettings(title="Explain"),
    "verdict": ViewSettings(title="Verdict", picture="live", inset=False, overlay=False, explanation=False),
    "video": ViewSettings(title="Video", picture="live", inset=False, overlay=False, verdict=False, explanation=False),
    "monitor": ViewSettings(title="Monitor", inset=False, explanation=False, controls=False, wide=True),
}
"""The views that need no setting."""
