"""Grey levels: what comes back from the video is what the scanner showed, as exactly as H.264 allows."""

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from bedside.messages import Pixels
from bedside.recorder.coding import LOSSLESS, PIXEL_FORMATS, Coding
from bedside.recorder.encoder import Encoder
from bedside.recorder.video_file import VideoFile
from bedside.source.synthetic_screen import Screen

DATA = Path(__file__).parents[3] / "shared" / "data"
CLIPS = [
    "scanner/sonosite-anon-eye1-video.mp4",
    "scanner/clarius-ocular-short.mp4",
    "scanner/butterfly-ocular-phantom.mp4",
    "lung/Reg_Image_182340_crop.mp4",
    "lung/Reg_pat4Image_140024.mpeg",
]
PICTURES = 8


def there_and_back(path: Path, pictures: list[Pixels], coding: Coding) -> list[Pixels]:
    """The pictures after the recorder's encoder and file, decoded as any player does."""
    height, width = pictures[0].shape[:2]
    encoder = Encoder(coding, width, height)
    video = VideoFile(path, encoder.template, coding.container)
    for number, pixels in enumerate(pictures):
        for chunk in encoder.encode(encoder.convert(pixels), number * 3000, is_key=number == 0):
            video.write(chunk)
    video.close()
    with av.open(str(path)) as container:
        found = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]
    return [picture[:height, :width] for picture in found]


def film(path: Path) -> list[Pixels]:
    """The first pictures of a clip."""
    with av.open(str(path)) as container:
        frames = [frame for frame, _ in zip(container.decode(video=0), range(PICTURES), strict=False)]
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def grey(pictures: list[Pixels]) -> "np.typing.NDArray[np.float64]":
    """Mean of the three colours, [number, height, width]."""
    return np.stack([picture.mean(axis=2) for picture in pictures])


def psnr(errors: "np.typing.NDArray[np.float64]") -> float:
    """Peak signal to noise ratio in dB."""
    return float(10 * np.log10(255**2 / max(1e-9, (errors**2).mean())))


@pytest.mark.parametrize("pixel_format", PIXEL_FORMATS)
def test_every_grey_level_comes_back(tmp_path: Path, pixel_format: str) -> None:
    """A ramp from black to white comes back within one level: full range in, full range out."""
    ramp = np.repeat(np.repeat(np.arange(256, dtype=np.uint8), 4)[None], 64, axis=0)
    picture = np.repeat(ramp[:, :, None], 3, axis=2)
    back = there_and_back(tmp_path / "ramp.mp4", [picture] * 3, replace(Coding(), pixel_format=pixel_format))[
        -1
    ].astype(int)
    assert np.abs(back - picture).max() <= 2
    assert np.abs(back[:, 4:-4].mean(axis=(0, 2)) - ramp[0, 4:-4]).max() <= 1
    assert np.array_equal(back.min(axis=2), back.max(axis=2)), "grey stays grey"


def test_the_matrix_is_the_one_that_is_tagged(tmp_path: Path) -> None:
    """Plain colours come back as they were: no mixture of BT.601 and BT.709."""
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 120, 30), (10, 240, 240), (128, 64, 128)]
    picture = np.concatenate([np.full((96, 64, 3), colour, np.uint8) for colour in colours], axis=1)
    back = there_and_back(tmp_path / "colours.mp4", [picture] * 2, Coding())[-1].astype(int)
    for number, colour in enumerate(colours):
        middle = back[32:64, number * 64 + 20 : number * 64 + 44].mean(axis=(0, 1))
        assert np.abs(middle - colour).max() <= 3, (colour, middle)


@pytest.mark.parametrize("name", [*CLIPS, "synthetic"])
def test_real_scans_come_back(tmp_path: Path, name: str) -> None:
    """Grey of real scanners' screens: above 42 dB, and no pixel off by more than 16 of 255."""
    if name == "synthetic":
        pictures = [Screen(960, 540).draw(n, n, n / 30, frozen=False) for n in range(PICTURES)]
    elif not (DATA / name).exists():
        pytest.skip(f"{name}: the sample recordings are not there")
    else:
        pictures = film(DATA / name)
    back = there_and_back(tmp_path / "clip.mp4", pictures, Coding())
    assert len(back) == len(pictures)
    errors = grey(back) - grey(pictures)
    assert psnr(errors) > 42
    assert np.abs(errors).max() <= 16


@pytest.mark.parametrize("shape", [(360, 640), (271, 481)])
def test_lossless_is_exact(tmp_path: Path, shape: tuple[int, int]) -> None:
    """FFV1 gives back every pixel of every colour, at odd sizes too."""
    noise = np.random.default_rng(0).integers(0, 256, (4, *shape, 3), np.uint8)
    pictures = [cv2.GaussianBlur(picture, (0, 0), 2) for picture in noise]
    back = there_and_back(tmp_path / "noise.mkv", [np.asarray(p, np.uint8) for p in pictures], LOSSLESS)
    assert all(np.array_equal(a, b) for a, b in zip(pictures, back, strict=True))
