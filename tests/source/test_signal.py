"""Live, frozen, no signal: on real clips, on the synthetic scanner, and on what boxes show without a signal."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby, islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bedside.messages import Pixels, Signal
from bedside.source.signal import SignalJudge
from bedside.source.synthetic_screen import Screen, blue
from bedside.source.video import Video

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
MOVING = [
    "scanner/butterfly-ocular-phantom.mp4",
    "scanner/clarius-ocular-short.mp4",
    "lung/Cov_convex_volpecelli_sonographic_v1.mov",
    "lung/Cov_recommendations_lightbeam_mov6.mov",
    "lung/Reg_Image_181206_crop.mp4",
    "lung/Reg_Image_182340_crop.mp4",
    "lung/Reg_pat4Image_140024.mpeg",
    "lung/Reg_recommendations_alines_mov1.mov",
    "lung/Vir_prospective_file2.mp4",
]
STILL = "scanner/sonosite-anon-eye1-video.mp4"
"""A hundred encodings of one frozen screen, with calipers set on it."""
LIVE, FROZEN, NO_SIGNAL = Signal.LIVE, Signal.FROZEN, Signal.NO_SIGNAL
SIZE = (640, 480)
SCREEN = Screen(*SIZE)
RANDOM = np.random.default_rng(11)


def clip(name: str) -> Iterator[tuple[Pixels, float]]:
    """Pictures of a real clip with their times, seconds."""
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not in {DATA}")
    video = Video(DATA / name, name)
    for still in video.stills(0.0):
        yield still.pixels(), still.at_s
    video.close()


@cache
def noises(shape: tuple[int, ...]) -> list[NDArray[np.int16]]:
    """Noise of sigma 10 for pictures of a size, drawn once: drawing it for each picture takes most of the time."""
    return [np.rint(RANDOM.normal(0, 10, shape)).astype(np.int16) for _ in range(3)]


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    """The same picture through a noisy cable."""
    if sigma == 0:
        return pixels
    noise = np.roll(noises(pixels.shape)[RANDOM.integers(3)], RANDOM.integers(0, pixels.shape[0]), axis=0)
    return np.clip(pixels + noise * np.float32(sigma / 10), 0, 255).astype(np.uint8)


def lossy(pixels: Pixels) -> Pixels:
    """The same picture through a box that delivers MJPG."""
    back: Pixels = simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(pixels, quality=75), colorspace="RGB")
    return back


def with_clock(pixels: Pixels, number: int) -> Pixels:
    """A running clock and a moving cursor beside the scan, and calipers being set inside it."""
    height, width = pixels.shape[:2]
    pixels = pixels.copy()
    pixels[2 : height // 20, width * 3 // 4 :] = 0
    place = (width * 3 // 4, height // 20 - 2)
    cv2.putText(pixels, f"{number / 10:08.1f}", place, cv2.FONT_HERSHEY_SIMPLEX, height / 720, (200,) * 3, 1)
    x, y = width // 2 + number % 40, height // 2
    cv2.drawMarker(pixels, (x, y), (255, 255, 255), cv2.MARKER_CROSS, max(6, height // 40), 1)
    return pixels


def runs(states: list[Signal]) -> list[Signal]:
    """The states in order, repetitions taken together."""
    return [state for state, _ in groupby(states)]


@pytest.mark.parametrize("name", MOVING)
def test_a_real_clip_is_live_then_frozen_then_live(name: str) -> None:
    """Playing is live in every frame; one frame repeated under noise and a running clock is frozen; then live again."""
    judge = SignalJudge(frozen_after_s=0.7)
    states, at_s, last, last_s = [], 0.0, None, 0.0
    for pixels, at_s in clip(name):
        states.append(judge.judge(pixels, round(at_s * 1e9)))
        last, last_s = pixels, at_s
    assert last is not None
    assert set(states) == {LIVE}
    held = []
    for number in range(60):
        picture = noisy(with_clock(last, number), 3)
        picture = lossy(picture) if number % 2 else picture
        held.append(judge.judge(picture, round((last_s + (number + 1) * 0.04) * 1e9)))
    assert runs(held) == [LIVE, FROZEN]
    assert 13 <= held.index(FROZEN) <= 20
    again = islice(clip(name), 9)
    back = [judge.judge(pixels, round((last_s + 3 + at_s) * 1e9)) for pixels, at_s in again]
    assert back.index(LIVE) <= 1
    assert set(back[1:]) == {LIVE}


def test_a_real_frozen_screen_is_frozen() -> None:
    """The clip that shows one frozen screen all along is frozen once the time is over, and stays so."""
    judge = SignalJudge(frozen_after_s=0.7)
    states = [judge.judge(pixels, round(at_s * 1e9)) for pixels, at_s in clip(STILL)]
    assert runs(states) == [LIVE, FROZEN]


@pytest.mark.parametrize("scan_hz", [30, 12, 5])
@pytest.mark.parametrize("fan", [(), SCREEN.fan, (0, 40, 640, 400)])
def test_the_freeze_button_is_seen_in_time_and_its_release_at_once(scan_hz: int, fan: tuple[int, ...]) -> None:
    """With the counter, clock and cursor going on, the fan alone decides, also for a slow scanner on a fast cable."""
    judge = SignalJudge(0.7, fan)
    states, scan = [], 0.0
    for number in range(270):
        frozen = 120 <= number < 200
        scan += 0 if frozen else scan_hz / 30
        states.append(judge.judge(SCREEN.draw(number, int(scan), number / 30, frozen), number * 33_333_333))
    assert runs(states) == [LIVE, FROZEN, LIVE]
    frozen_at = states.index(FROZEN)
    assert 120 + 21 - 30 // scan_hz - 1 <= frozen_at <= 120 + 23
    live_at = frozen_at + states[frozen_at:].index(LIVE)
    assert 200 <= live_at <= 200 + 30 // scan_hz + 2


def test_a_screen_that_was_frozen_before_bedside_came_is_frozen() -> None:
    """Without ever having seen the fan move, a running clock and counter do not look like a scan."""
    judge = SignalJudge(0.7)
    states = [judge.judge(SCREEN.draw(n, 7, n / 30, True), n * 33_333_333) for n in range(120)]
    assert runs(states) == [LIVE, FROZEN]


def bars(width: int, height: int) -> Pixels:
    """SMPTE-like bars: seven colours over the upper two thirds, other patterns below."""
    colours = [(191,) * 3, (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)]
    picture = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(colours):
        picture[:, number * width // 7 : (number + 1) * width // 7] = colour
    picture[height * 2 // 3 :, ::2] = 30
    return picture


def placeholder() -> Pixels:
    """A box's own picture: dark blue with a logo and a line of text."""
    picture = np.full((480, 640, 3), (10, 20, 60), np.uint8)
    cv2.putText(picture, "NO SIGNAL", (180, 260), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (230, 230, 230), 3)
    cv2.circle(picture, (320, 120), 50, (200, 120, 0), -1)
    return picture


FILLERS = {
    "black": np.zeros((480, 640, 3), np.uint8),
    "blue": blue(640, 480),
    "grey": np.full((480, 640, 3), 90, np.uint8),
    "bars": bars(640, 480),
    "bars at 1080p": bars(1920, 1080),
    "placeholder": placeholder(),
    "placeholder at another size": np.asarray(cv2.resize(placeholder(), (1280, 720)), np.uint8),
}


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS.keys())
@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_what_a_box_shows_without_a_signal_is_no_signal(filler: Pixels, sigma: float) -> None:
    """A filler that stands for 0.3 s is no signal, noise or not; the first pictures after it are live within two."""
    judge = SignalJudge(0.7, placeholder=placeholder())
    screen = Screen(filler.shape[1], filler.shape[0])
    now, states = 0, []
    for number in range(60):
        now += 33_333_333
        picture = noisy(filler, sigma) if 20 <= number < 40 else screen.draw(number, number, number / 30, False)
        states.append(judge.judge(picture, now))
    assert runs(states) == [LIVE, NO_SIGNAL, LIVE]
    assert 20 + 9 <= states.index(NO_SIGNAL) <= 20 + 10
    assert 40 <= states[30:].index(LIVE) + 30 <= 41


def test_a_filler_from_the_first_picture_on_is_no_signal_at_once() -> None:
    """Whoever starts without a signal does not see `live` first."""
    assert SignalJudge(0.7).judge(blue(640, 480), 1) is NO_SIGNAL


def test_a_placeholder_is_not_seen_where_the_box_was_not_asked_for_it() -> None:
    """Without the learned file, a picture with text is a picture."""
    judge = SignalJudge(0.7)
    assert NO_SIGNAL not in [judge.judge(placeholder(), n * 33_333_333) for n in range(60)]


def dark_screens() -> dict[str, Pixels]:
    """Nearly black, and yet a scanner's."""
    text = np.zeros((720, 1280, 3), np.uint8)
    cv2.putText(text, "PATIENT", (20, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (150, 150, 150), 1)
    fan = np.zeros((720, 1280, 3), np.uint8)
    cv2.ellipse(fan, (640, 100), (400, 500), 90, -35, 35, (14, 14, 14), -1)
    bar = np.zeros((720, 1280, 3), np.uint8)
    bar[200:500, 1200:1220] = np.linspace(255, 0, 300, dtype=np.uint8)[:, None, None]
    letter = np.zeros((720, 1280, 3), np.uint8)
    cv2.putText(letter, "L", (600, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (180, 180, 180), 1)
    return {"text": text, "dark fan": fan, "grey bar": bar, "one letter": letter}


@pytest.mark.parametrize("name", ["text", "dark fan", "grey bar", "one letter"])
@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_a_dark_scanner_screen_is_not_no_signal(name: str, sigma: float) -> None:
    """A black screen with a little on it is a picture, also beside a black placeholder with a logo."""
    logo = np.zeros((720, 1280, 3), np.uint8)
    cv2.putText(logo, "GRABBER", (520, 360), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (200, 200, 200), 2)
    judge = SignalJudge(0.7, placeholder=logo)
    picture = dark_screens()[name]
    assert NO_SIGNAL not in [judge.judge(noisy(picture, sigma), n * 33_333_333) for n in range(20)]


def test_the_driver_wins_at_once() -> None:
    """With the driver's word the very first picture is no signal, whatever it shows."""
    judge = SignalJudge(0.7)
    for number in range(10):
        assert judge.judge(SCREEN.draw(number, number, 0, False), number * 33_333_333) is LIVE
    assert judge.judge(SCREEN.draw(10, 10, 0, False), 333_333_333, True) is NO_SIGNAL


def test_a_fan_outside_of_the_picture_is_said_and_not_used(caplog: pytest.LogCaptureFixture) -> None:
    """The judge goes on with the whole picture, and the log says why."""
    judge = SignalJudge(0.7, (2000, 0, 100, 100))
    for number in range(40):
        assert judge.judge(SCREEN.draw(number, number, 0, False), number * 33_333_333) is LIVE
    assert "outside of a picture of 640 x 480" in caplog.text


PICTURES = {
    "moving a": SCREEN.draw(1, 1, 0.1, False),
    "moving b": SCREEN.draw(2, 40, 0.2, False),
    "black": np.zeros((480, 640, 3), np.uint8),
    "blue": blue(640, 480),
}
STEPS = st.lists(
    st.tuples(st.lists(st.sampled_from(sorted(PICTURES)), min_size=1, max_size=3), st.integers(1, 40), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.sampled_from([10, 30, 60]))
def test_no_state_flickers(steps: list[tuple[list[str], int, bool]], fps: int) -> None:
    """Whatever comes, alternating at any rhythm, no state lasts a single frame."""
    judge = SignalJudge(0.7)
    states: list[Signal] = []
    for names, count, driver in steps:
        for number in range(count):
            flag = driver and number % len(names) == 0
            states.append(judge.judge(PICTURES[names[number % len(names)]], len(states) * 1_000_000_000 // fps, flag))
    lengths = [len(list(group)) for _, group in groupby(states)]
    assert all(length >= 2 for length in lengths[1:-1])


@pytest.mark.parametrize("rhythm", [1, 2, 5])
def test_alternating_pictures_settle(rhythm: int) -> None:
    """A signal that comes and goes faster than 0.3 s changes the state twice at most, then it stays."""
    judge = SignalJudge(0.7)
    states = []
    for number in range(300):
        lost = number // rhythm % 2 == 1
        states.append(judge.judge(SCREEN.draw(number, number, 0, False), number * 33_333_333, lost))
    assert len(runs(states)) <= 4
    assert states[-1] is NO_SIGNAL


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
def test_pictures_of_any_size_are_judged(width: int, height: int, level: int) -> None:
    """Tiny pictures, and a size that changes all the time, raise nothing."""
    judge = SignalJudge(0.7, (0, 0, 5, 5), placeholder())
    assert judge.judge(np.full((height, width, 3), level, np.uint8), 1) is NO_SIGNAL
    assert judge.judge(noisy(np.full((height + 40, width, 3), level, np.uint8), 40), 2) in Signal


def test_marks_set_on_a_frozen_picture_do_not_make_it_live() -> None:
    """Calipers, a dotted ellipse and text, added one after the other inside the fan, leave it frozen."""
    judge = SignalJudge(0.7)
    for number in range(90):
        judge.judge(SCREEN.draw(number, number, number / 30, False), number * 33_333_333)
    picture, states = SCREEN.draw(90, 90, 3.0, True), []
    for number in range(90, 390):
        if number % 10 == 0:
            angle = (number - 90) * 1.2
            cv2.ellipse(picture, (320, 260), (90, 60), 0, angle, angle + 6, (255, 255, 0), 2)
            cv2.putText(picture, "+", (200 + number // 2, 200), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
        states.append(judge.judge(picture, number * 33_333_333))
    assert runs(states) == [LIVE, FROZEN]


def test_a_new_moving_part_is_learned_while_the_old_one_stands() -> None:
    """With the old fan still and a new strip running, as a Doppler trace does, the picture is live within a second."""
    judge = SignalJudge(0.7)
    for number in range(150):
        judge.judge(SCREEN.draw(number, min(number, 90), number / 30, number > 90), number * 33_333_333)
    states = []
    for number in range(150, 300):
        picture = SCREEN.draw(number, 90, number / 30, True)
        picture[350:420, 20:500] = noisy(np.full((70, 480, 3), 90, np.uint8), 60)
        states.append(judge.judge(picture, number * 33_333_333))
    assert runs(states) == [FROZEN, LIVE]
    assert states.index(LIVE) <= 30
