"""A Bedside engine on another machine: in a network of its own, with nothing between but two ends of a cable.

The machine is a network namespace, which needs root and `ip`.
"""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.foreign import listening, self_signed
from tests.servers.conftest import ROOT, Clients, running, until_ready

from bedside.engine.ask import Ask
from bedside.engine.client import Refused
from bedside.messages import EngineState

RUNNER = ROOT / "src" / "bedside_engine"
HERE, THERE, PORT = "10.203.77.1", "10.203.77.2", 8720
ENGINE = """
import numpy as np
def predict(frame, info):
    return {
        "text": "%d %s" % (info.seq, info.state),
        "mask": (frame[..., 0] > 127) if frame.ndim == 3 else (frame > 127),
        "measurements": [{"name": "mean", "value": float(frame.mean())}],
    }
"""
TOLD = {"seqs": [7], "times_s": [1.5], "state": "frozen", "pixel_spacing_mm": None, "picture_px": [1, 1]}


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *" ".join(words).split()], check=True, capture_output=True)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine on another machine."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("root and ip: another machine's network cannot be made here")
    name, folder = f"bedside-{os.getpid()}", tmp_path_factory.mktemp("elsewhere")
    (folder / "engine.py").write_text(ENGINE)
    ip("netns add", name)
    try:
        ip(f"link add bedside-here type veth peer name bedside-there netns {name}")
        ip(f"addr add {HERE}/30 dev bedside-here")
        ip("link set bedside-here up")
        ip(f"-n {name} addr add {THERE}/30 dev bedside-there")
        ip(f"-n {name} link set bedside-there up")
        command = ["ip", "netns", "exec", name, sys.executable, RUNNER, "--path", folder, "--name", "e"]
        command += ["--host", THERE, "--port", str(PORT)]
        with running(command, f"http://{THERE}:{PORT}/v2/health/ready", folder / "log"):
            yield f"http://{THERE}:{PORT}"
    finally:
        ip("netns del", name)


def picture(height: int, width: int) -> Any:
    """A bright disc on dark noise, as a scan's picture is: neither flat nor random."""
    y, x = np.mgrid[0:height, 0:width]
    disc = 120 + 100 * np.cos(np.hypot(y / height - 0.5, x / width - 0.5) * 6)
    return np.repeat(np.clip(disc, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("size", [(48, 64), (720, 1280), (1080, 1920)])
async def test_raw_pixels_arrive_as_they_are(size: tuple[int, int], elsewhere: str, client: Clients) -> None:
    """Every pixel, and what is told of the frame; nothing goes by shared memory."""
    asking = client(elsewhere, model="e", is_raw=False)
    await until_ready(asking)
    pixels = picture(*size)
    answer = await asking.infer(Ask(7, pixels, TOLD))
    assert answer.fields["text"] == "7 frozen"
    assert (answer.fields["mask"] == (pixels[..., 0] > 127)).all()
    assert answer.fields["measurements"][0]["value"] == pytest.approx(pixels.mean())
    assert answer.model_ms is not None


@pytest.mark.parametrize("is_grey", [False, True])
async def test_jpeg_arrives_as_nearly_the_same_picture(is_grey: bool, elsewhere: str, client: Clients) -> None:
    """Decoded over there; a mean within half a grey level, the same mask but for its rim."""
    asking = client(elsewhere, model="e", is_raw=False, encoding="jpeg")
    await until_ready(asking)
    pixels = picture(720, 1280)[..., 0] if is_grey else picture(720, 1280)
    answer = await asking.infer(Ask(7, pixels, TOLD))
    assert answer.fields["text"] == "7 frozen"
    assert answer.fields["measurements"][0]["value"] == pytest.approx(pixels.mean(), abs=0.5)
    bright = (pixels if is_grey else pixels[..., 0]) > 127
    assert (answer.fields["mask"] != bright).mean() < 0.01


@asynccontextmanager
async def front(certificate: Path, token: str, there: str) -> AsyncIterator[str]:
    """What stands before a server in a hospital: TLS, and 401 for everybody without the token."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = there.rpartition("/")[2].partition(":")
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = await reader.readexactly(int(head.lower().split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]))
            if f"\r\nAuthorization: Bearer {token}\r\n".encode() not in head:
                writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 8\r\n\r\nno entry")
                continue
            inner_reader, inner = await asyncio.open_connection(host, int(port))
            inner.write(head.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n") + body)
            writer.write((await inner_reader.read()).replace(b"Connection: close\r\n", b"", 1))
            inner.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with listening(serve, context) as port:
        yield f"https://127.0.0.1:{port}"


async def test_tls_and_a_token_let_in(elsewhere: str, client: Clients, tmp_path: Path) -> None:
    """With both it answers; without the one or the other it is FAILED, and says which."""
    certificate = self_signed(tmp_path, "127.0.0.1")
    async with front(certificate, "s3cret-token", elsewhere) as url:
        trusting = {"model": "e", "is_raw": False, "ca_file": str(certificate)}
        asking = client(url, token="s3cret-token", **trusting)
        await until_ready(asking)
        pixels = picture(1080, 1920)
        assert (await asking.infer(Ask(7, pixels, TOLD))).fields["text"] == "7 frozen"
        stranger = client(url, token="wrong-token", **trusting)
        readiness = await stranger.readiness()
        assert readiness.state is EngineState.FAILED
        assert "does not let Bedside in (401: no entry); check token" in readiness.error
        with pytest.raises(Refused, match="check token"):
            await stranger.infer(Ask(8, pixels))
        readiness = await client(url, model="e", is_raw=False, token="s3cret-token").readiness()
        assert readiness.state is EngineState.FAILED
        assert "is not to be trusted: self-signed certificate; check ca_file" in readiness.error
