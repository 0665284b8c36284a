"""A loop as most laboratories write it: read, predict, draw, JPEG; Flask shows it as MJPEG."""

import logging
import sys
import threading
from collections.abc import Iterator

import cv2
from flask import Flask, Response
from model import predict
from sink import Sink

app = Flask(__name__)
fresh = threading.Condition()
newest = b""


def work() -> None:
    """The loop."""
    global newest  # noqa: PLW0603
    capture, sink = cv2.VideoCapture("bench-camera"), Sink()
    while True:
        _, frame = capture.read()
        answer = predict(frame)
        sink.note(answer)
        cv2.putText(frame, f"{answer['model_ms']:.0f} ms", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 255, 0), 3)
        small = cv2.resize(frame, (960, 540), interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        with fresh:
            newest = jpeg
            fresh.notify_all()


def parts() -> Iterator[bytes]:
    """The newest picture, again and again."""
    while True:
        with fresh:
            fresh.wait()
            jpeg = newest
        yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"


@app.get("/stream")
def stream() -> Response:
    """MJPEG."""
    return Response(parts(), mimetype="multipart/x-mixed-replace; boundary=frame")


@app.get("/")
def page() -> str:
    """The page."""
    return '<img src="/stream" style="width:100%">'


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threading.Thread(target=work, daemon=True).start()
    app.run(port=int(sys.argv[1]), threaded=True)
