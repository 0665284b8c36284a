"""What the nets see of a scanner's screen: the paper's crop, grey, 224x288."""

import cv2
import numpy as np

SCREEN = (720, 960)  # H, W to which every frame is brought
ROWS, COLUMNS = slice(60, 720), slice(81, 874)  # of the screen: without the scanner's furniture
HEIGHT, WIDTH = 224, 288


def cropped(frame: np.ndarray) -> np.ndarray:
    """[224, 288] uint8 grey, from a frame of any size: [H, W, 3] RGB or [H, W], uint8."""
    return cv2.resize(
        on_screen(grey(frame), cv2.INTER_LINEAR)[ROWS, COLUMNS], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
    )


def cropped_label(label: np.ndarray) -> np.ndarray:
    """[224, 288] uint8, from a label map of any size: [H, W] uint8."""
    screen = on_screen(label, cv2.INTER_NEAREST)[ROWS, COLUMNS]
    return cv2.resize(screen, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST_EXACT)


def grey(frame: np.ndarray) -> np.ndarray:
    """[H, W] uint8."""
    return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def on_screen(picture: np.ndarray, interpolation: int) -> np.ndarray:
    """[720, 960], stretched or shrunk."""
    height, width = SCREEN
    return picture if picture.shape == SCREEN else cv2.resize(picture, (width, height), interpolation=interpolation)


def normalised(picture: np.ndarray) -> np.ndarray:
    """float32 from -1 to 1."""
    return picture.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)
