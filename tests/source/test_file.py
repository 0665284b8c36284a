"""Recordings at their own pace: real clips, made videos, folders of images."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from bedside import clock
from bedside.errors import EndOfSource, SourceError
from bedside.messages import Pixels
from bedside.source.file import FileSource, open_file
from bedside.source.reel import Still
from bedside.source.source import Grab
from bedside.source.video import Video

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
CLIPS = {
    "scanner/sonosite-anon-eye1-video.mp4": (960, 720, 100, 4.0),
    "scanner/clarius-ocular-short.mp4": (1280, 960, 50, 2.0),
    "scanner/butterfly-ocular-phantom.mp4": (776, 1080, 369, 29.15),
    "lung/Cov_convex_volpecelli_sonographic_v1.mov": (450, 450, 403, 10.33),
    "lung/Cov_recommendations_lightbeam_mov6.mov": (538, 538, 309, 10.31),
    "lung/Reg_Image_181206_crop.mp4": (234, 234, 495, 26.0),
    "lung/Reg_Image_182340_crop.mp4": (400, 400, 309, 8.33),
    "lung/Reg_pat4Image_140024.mpeg": (370, 370, 438, 17.52),
    "lung/Reg_recommendations_alines_mov1.mov": (322, 322, 180, 10.0),
    "lung/Vir_prospective_file2.mp4": (270, 270, 151, 6.04),
}
"""Width, height, pictures and seconds of each real clip."""


def opened(path: Path, options: str = "", fps: float = 0.0, color_range: str = "auto") -> FileSource:
    """A recording, opened."""
    return open_file(f"{path}{options}", size="", fps=fps, color_range=color_range)


def read(source: FileSource) -> Grab:
    """The next picture, which must come."""
    grab = source.read(5.0)
    assert grab is not None
    return grab


def rest(source: FileSource) -> list[Grab]:
    """All pictures to the end."""
    grabs = []
    with pytest.raises(EndOfSource):
        while True:
            grabs.append(read(source))
    return grabs


def level(number: int) -> int:
    """The grey of picture `number`, told apart through any codec."""
    return 20 + number * 8 % 216


def number_of(pixels: Pixels) -> int:
    """The number of a picture whose grey is `level(number)`, up to 26."""
    return round((float(pixels.mean()) - 20) / 8)


def film(
    path: Path,
    times: list[float],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int = 50,
    options: dict[str, str] | None = None,
    rotation: int = 0,
) -> Path:
    """A video of flat grey pictures, one for each time, in 64 x 48, its upper half brighter by 20."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pix_fmt
        if codec != "mpeg2video":  # which knows a few rates only
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, at_s in enumerate(times):
            picture = np.full((48, 64, 3), level(number), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(at_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def even(count: int, fps: float = 50.0) -> list[float]:
    """So many times at an even pace."""
    return [number / fps for number in range(count)]


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Ten pictures at 50 a second."""
    return film(tmp_path / "short.mp4", even(10))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images, named so that sorting by letters would put 10 before 2."""
    place = tmp_path / "images"
    place.mkdir()
    for number in range(12):
        cv2.imwrite(str(place / f"plane{number}.png"), np.full((30, 40, 3), level(number), np.uint8))
    (place / "notes.txt").write_text("no image")
    return place


@pytest.mark.parametrize("name", CLIPS)
def test_a_real_clip_plays_whole_and_at_its_own_pace(name: str) -> None:
    """Every picture is delivered or counted as passed over, with its size, and the length is that of the clip."""
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not in {DATA}")
    width, height, count, seconds = CLIPS[name]
    pixels_per_s = width * height * count / seconds
    speed = max(1.0, min(seconds / 2, 60e6 / pixels_per_s))  # in two seconds, unless decoding would take longer
    source = opened(DATA / name, f"?speed={speed}")
    first, last, came = None, 0, 0
    with pytest.raises(EndOfSource, match="has come to its end"):
        while True:
            grab = read(source)
            first, last, came = first or grab.captured_ns, grab.captured_ns, came + 1 + grab.skips
            assert grab.pixels.shape == (height, width, 3)
    source.close()
    assert came == count
    assert first is not None
    assert (last - first) / 1e9 * speed == pytest.approx(seconds - seconds / count, rel=0.02)


def test_variable_frame_rate_is_respected(tmp_path: Path) -> None:
    """Pictures come at the times written in the file, not at an average rate."""
    times = [0.0, 0.02, 0.06, 0.2, 0.22, 0.4]
    source = opened(film(tmp_path / "uneven.mp4", times))
    grabs = rest(source)
    assert sum(1 + grab.skips for grab in grabs) == len(times)
    came = [times[number_of(grab.pixels)] for grab in grabs]
    stamps = [(grab.captured_ns - grabs[0].captured_ns) / 1e9 for grab in grabs]
    assert stamps == pytest.approx([at_s - came[0] for at_s in came], abs=0.002)


def test_who_is_late_gets_the_picture_that_is_due(short: Path) -> None:
    """After a pause the player is where it would have been, and the pictures in between are counted."""
    source = opened(short)
    first = read(source)
    clock.wait_s(0.11)
    grab = read(source)
    assert grab.skips >= 4
    assert number_of(grab.pixels) - number_of(first.pixels) == grab.skips + 1


def test_a_short_timeout_gives_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """A read that may not wait long enough returns None; the picture comes with a later read."""
    source = opened(film(tmp_path / "slow.mp4", [0.0, 0.3, 0.6]))
    read(source)
    assert source.read(0.01) is None
    assert number_of(read(source).pixels) == 1


def test_a_loop_goes_on_in_time(short: Path) -> None:
    """The first picture of the next round is due one period after the last of this one."""
    source = opened(short, "?loop=1")
    grabs = [read(source) for _ in range(25)]
    numbers = np.cumsum([1 + grab.skips for grab in grabs]) - 1 - grabs[0].skips
    stamps = [(grab.captured_ns - grabs[0].captured_ns) / 1e9 for grab in grabs]
    assert stamps == pytest.approx(list(numbers * 0.02), abs=0.002)
    assert [number_of(grab.pixels) for grab in grabs] == [number % 10 for number in numbers]


def test_it_starts_where_it_is_told(short: Path) -> None:
    """start_s begins with the picture that stands at that time; a loop comes back to it."""
    source = opened(short, "?start_s=0.11&loop=1")
    assert number_of(read(source).pixels) == 5
    seen = {number_of(read(source).pixels) for _ in range(12)}
    assert seen <= set(range(5, 10))


def test_speed_changes_the_pace(short: Path) -> None:
    """At half the speed the pictures are twice as far apart."""
    grabs = rest(opened(short, "?speed=0.5"))
    apart = (grabs[-1].captured_ns - grabs[0].captured_ns) / 1e9
    assert apart == pytest.approx(0.04 * (number_of(grabs[-1].pixels) - number_of(grabs[0].pixels)), abs=0.003)


def test_a_bound_on_the_rate_thins_the_pictures_out(tmp_path: Path) -> None:
    """fps from the settings leaves pictures out evenly, and these are no skips."""
    grabs = rest(opened(film(tmp_path / "fast.mp4", even(20)), fps=25))
    assert [number_of(grab.pixels) % 2 for grab in grabs] == [0] * len(grabs)
    assert sum(1 + grab.skips for grab in grabs) == 10


def test_seek_goes_there_at_once(tmp_path: Path) -> None:
    """The next picture after `seek` is the one that stands at that time, forwards and backwards, due now."""
    source = opened(film(tmp_path / "long.mp4", even(25, fps=10)))
    read(source)
    for goto_s in (2.0, 0.55, 1.3, 0.0):
        source.control(f"seek {goto_s}")
        before = clock.monotonic_ns()
        assert number_of(read(source).pixels) == int(goto_s * 10 + 1e-6)
        assert clock.age_ms(before) < 1000


def test_pause_holds_the_picture_and_resume_goes_on(short: Path) -> None:
    """Paused, the same picture keeps coming, as from a frozen scanner; then the next one follows."""
    source = opened(short, "?loop=1")
    read(source)
    source.control("pause")
    held = [read(source) for _ in range(4)]
    assert all(np.array_equal(grab.pixels, held[0].pixels) for grab in held)
    assert len({grab.captured_ns for grab in held}) == 4
    held[0].pixels[:] = 0
    assert read(source).pixels.any()
    source.control("resume")
    assert number_of(read(source).pixels) == (number_of(held[1].pixels) + 1) % 10


@pytest.mark.parametrize("command", ["dance", "seek", "seek x", "seek -1", "seek inf", "pause now"])
def test_a_wrong_command_is_one_sentence(short: Path, command: str) -> None:
    """What a recording cannot do is refused, and playing goes on."""
    source = opened(short)
    with pytest.raises(SourceError, match="cannot"):
        source.control(command)
    read(source)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libx264", "mp4"), ("mpeg4", "mp4"), ("mpeg2video", "mpeg"), ("mpeg4", "mov")]
)
def test_every_usual_codec_plays(tmp_path: Path, codec: str, suffix: str) -> None:
    """H.264, MPEG-4 and MPEG-2 in their usual containers come through whole."""
    grabs = rest(opened(film(tmp_path / f"clip.{suffix}", even(12, fps=25), codec=codec, rate=25)))
    assert sum(1 + grab.skips for grab in grabs) == 12
    assert number_of(grabs[-1].pixels) == 11


@pytest.mark.parametrize(
    ("pix_fmt", "setting", "stored", "expected", "name"),
    [
        ("yuv420p", "auto", (16, 126, 235), (0, 128, 255), "limited"),
        ("yuvj420p", "auto", (0, 128, 255), (0, 128, 255), "full"),
        ("yuv420p", "full", (16, 126, 235), (16, 126, 235), "full"),
        ("yuvj420p", "limited", (16, 126, 235), (0, 128, 255), "limited"),
    ],
)
def test_grey_levels_come_out_in_full_range(
    tmp_path: Path, pix_fmt: str, setting: str, stored: tuple[int, ...], expected: tuple[int, ...], name: str
) -> None:
    """Limited range is stretched once, full range is left alone, and the setting overrules the file."""
    path = tmp_path / "grey.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if pix_fmt == "yuv420p" else "mjpeg", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 32, pix_fmt
        planes = np.full((48, 96), 128, np.uint8)
        for number, grey in enumerate(stored):
            planes[:32, number * 32 : number * 32 + 32] = grey
        frame = av.VideoFrame.from_ndarray(planes, format=pix_fmt)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    source = opened(path, color_range=setting)
    pixels = read(source).pixels
    assert source.color_range == name
    assert [int(pixels[16, 16 + 32 * n, 1]) for n in range(3)] == pytest.approx(expected, abs=2)


def test_a_turned_video_is_turned_back(tmp_path: Path) -> None:
    """The rotation in the file's header is applied, so that width and height change places."""
    grabs = rest(opened(film(tmp_path / "turned.mp4", even(3), rotation=90)))
    assert grabs[0].pixels.shape == (64, 48, 3)
    assert grabs[0].pixels.flags.c_contiguous


def test_a_folder_plays_in_natural_order(folder: Path) -> None:
    """Images come in the order of their numbers, ten a second or as told, other files left out."""
    grabs = rest(opened(folder, "?fps=50"))
    assert [number_of(grab.pixels) for grab in grabs][-1] == 11
    assert sum(1 + grab.skips for grab in grabs) == 12
    stamp = (grabs[-1].captured_ns - grabs[0].captured_ns) / 1e9
    assert stamp == pytest.approx((11 - number_of(grabs[0].pixels)) / 50, abs=0.002)


def test_an_unreadable_image_is_passed_over(folder: Path) -> None:
    """The others play, the bad ones are counted, and the end names one of them."""
    (folder / "plane4.png").write_text("no image")
    (folder / "plane7.png").unlink()
    (folder / "plane7.png").touch()
    source = opened(folder, "?fps=10")
    seen, came = [], 0
    with pytest.raises(EndOfSource, match=r"plane[47]\.png: not an image"):
        while True:
            grab = source.read(5.0)
            if grab is not None:
                seen.append(number_of(grab.pixels))
                came += 1 + grab.skips
    assert came == 12
    assert not {4, 7} & set(seen)


def test_a_folder_of_unreadable_images_is_an_error(tmp_path: Path) -> None:
    """Even in a loop it does not go on in silence."""
    (tmp_path / "bad.png").write_text("no image")
    source = opened(tmp_path, "?fps=500&loop=1")
    with pytest.raises(SourceError, match=r"bad\.png: not an image"):
        while True:
            source.read(1.0)


def test_one_image_can_stand_for_ever(folder: Path) -> None:
    """A single image with loop=1 keeps coming, each time its own copy."""
    source = opened(folder / "plane3.png", "?loop=1&fps=100")
    read(source).pixels[:] = 0
    assert {number_of(read(source).pixels) for _ in range(5)} == {3}


def test_colours_of_images_are_rgb(tmp_path: Path) -> None:
    """Red stays red."""
    cv2.imwrite(str(tmp_path / "red.png"), np.full((8, 8, 3), (0, 0, 250), np.uint8))
    assert tuple(read(opened(tmp_path / "red.png")).pixels[0, 0]) == (250, 0, 0)


@pytest.mark.parametrize("written", ["my%20clip%231.mp4", "my clip#1.mp4"])
def test_a_path_may_be_percent_encoded_and_relative(short: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """Both spellings find the file, from the working directory."""
    short.rename(short.parent / "my clip#1.mp4")
    monkeypatch.chdir(short.parent)
    assert number_of(read(opened(Path(written))).pixels) == 0


def test_a_file_url_works(short: Path) -> None:
    """`file:///absolute/path` is the same as `file:/absolute/path`."""
    assert number_of(read(open_file(f"//{short}", size="", fps=0, color_range="auto")).pixels) == 0


def bad_files(place: Path) -> dict[str, Path]:
    """Files that are no video."""
    (place / "text.mp4").write_text("hello " * 200)
    (place / "empty.mp4").touch()
    (place / "none").mkdir()
    whole = film(place / "whole.mp4", even(25)).read_bytes()
    (place / "no-index.mp4").write_bytes(whole[: len(whole) // 2])
    (place / "bad.png").write_text("no image")
    return {path.name: path for path in place.iterdir()}


@pytest.mark.parametrize("name", ["text.mp4", "empty.mp4", "none", "no-index.mp4", "bad.png", "absent.mp4", ""])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    """It names the file and what to do, and no other kind of error comes out."""
    path = bad_files(tmp_path).get(name, Path() if not name else tmp_path / name)
    with pytest.raises(SourceError) as caught:
        source = open_file("" if not name else str(path), size="", fps=0, color_range="auto")
        while source.read(5.0) is None:
            pass
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 40


def test_a_truncated_video_plays_what_is_there_and_then_says_so(tmp_path: Path) -> None:
    """With its index at the front, a cut file plays up to the cut; the end says how much is missing."""
    whole = film(tmp_path / "whole.mp4", even(100, fps=50), options={"movflags": "faststart"})
    cut = tmp_path / "cut.mp4"
    data = whole.read_bytes()
    start = data.index(b"mdat")
    cut.write_bytes(data[: start + (len(data) - start) // 2])
    source = opened(cut, "?speed=4")
    came = 0
    with pytest.raises(EndOfSource, match=r"cut\.mp4.*cut off.*of 2\.0 s"):
        while True:
            came += 1 + read(source).skips
    assert 20 <= came <= 90


@pytest.mark.parametrize("options", ["?fps=25", "?speed=0", "?loop=maybe", "?start_s=-1", "?lop=1", "?start_s=x"])
def test_a_wrong_option_is_one_sentence(short: Path, options: str) -> None:
    """Each is named with its value."""
    with pytest.raises(SourceError, match=options[1:].partition("=")[0]):
        opened(short, options)


def test_a_start_beyond_the_end_is_said(short: Path) -> None:
    """There is no picture there, and the sentence has the time."""
    with pytest.raises(SourceError, match=r"5 s"):
        read(opened(short, "?start_s=5&loop=1"))


def test_control_may_come_from_another_thread(short: Path) -> None:
    """Seeking while another thread reads neither raises nor stops the pictures."""
    source = opened(short, "?loop=1")
    stop = threading.Event()

    def seek() -> None:
        while not stop.is_set():
            source.control("seek 0.1")
            stop.wait(0.01)

    thread = threading.Thread(target=seek)
    thread.start()
    try:
        assert all(1 <= number_of(read(source).pixels) <= 9 for _ in range(20))
    finally:
        stop.set()
        thread.join()


class SlowReel:
    """Pictures that take longer to decode than they last."""

    description, color_range, complaint = "slow", "full", ""

    def stills(self, start_s: float) -> Iterator[Still]:
        """Each 20 ms long, and 40 ms of work."""
        for number in range(1000):
            clock.wait_s(0.04)
            yield Still(number * 0.02, 0.02, lambda n=number: np.full((2, 2, 3), n % 255, np.uint8))  # type: ignore[misc]

    def close(self) -> None:
        """Nothing is open."""


def test_a_file_that_decodes_too_slowly_keeps_showing_pictures() -> None:
    """It falls behind its own pace, yet never shows nothing for long."""
    source = FileSource(SlowReel())
    for _ in range(4):
        before = clock.monotonic_ns()
        read(source)
        assert clock.age_ms(before) < 2000


def test_a_video_can_be_read_many_times(short: Path) -> None:
    """Each iteration starts anew with all pictures, whatever became of the one before."""
    video = Video(short, "short.mp4")
    next(video.stills(0.0))
    for _ in range(3):
        assert [number_of(still.pixels()) for still in video.stills(0.0)] == list(range(10))
    video.close()
