"""On PYTHONPATH, this gives every Python program the bench's camera behind OpenCV's own name; nothing else changes."""

import os

if os.environ.get("BENCH_CAMERA"):
    try:
        import cv2
    except ImportError:  # a program without OpenCV opens no camera
        pass
    else:
        import camera

        class VideoCapture:
            """OpenCV's, unless the bench's camera is asked for."""

            def __new__(cls, place=None, *more):
                return camera.Camera() if place == camera.NAME else Either(place, *more)

        class Either:
            """OpenCV's, until the bench's camera is opened with it."""

            def __init__(self, place=None, *more):
                self._capture = _real(*(() if place is None else (place, *more)))

            def open(self, place, *more):
                """As OpenCV's."""
                if place != camera.NAME:
                    return self._capture.open(place, *more)
                self._capture = camera.Camera()
                return True

            def __getattr__(self, name):
                return getattr(self._capture, name)

        _real, cv2.VideoCapture = cv2.VideoCapture, VideoCapture
