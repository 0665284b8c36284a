"""Asks one engine, whatever it is: a Bedside engine, or a model on any server of the Open Inference Protocol."""

import asyncio
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import simplejpeg

from bedside.engine.adapter import Adapter, AdapterFailed
from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.layout import fitted, unfit
from bedside.engine.over_http import Http
from bedside.engine.protocol import Answer, Question, Response, is_long, read_answer, shared_request, told
from bedside.engine.server import Barred, Contract, Refused, Server
from bedside.engine.tensors import Array, tensor
from bedside.errors import EngineDied, Unreachable
from bedside.messages import EngineState, Pixels

LOG = logging.getLogger(__name__)
PROBE_S = 5.0
JPEG_QUALITY = 92
GRPC = ("grpc", "grpcs")

__all__ = ["Client", "Readiness", "Refused"]


@dataclass(frozen=True)
class Readiness:
    """What an engine says of itself."""

    state: EngineState
    """READY, BUSY, STARTING or FAILED."""
    error: str = ""
    process: str = ""
    """Another text after every start of a Bedside engine; empty for other servers."""
    shares_memory: bool = False
    """Whether it reads pixels from shared memory."""
    takes_corrections: bool = False
    """Whether its predict takes what a person corrects."""


class Client:
    """The engine `name` at an address."""

    def __init__(self, name: str, address: Address) -> None:
        self._model = address.model or name
        self._address = address
        self._http: Http | None = None
        self._server: Server | None = None  # made when it is first needed: gRPC wants a running loop, and a package
        self._adapter = Adapter(address.adapter) if address.adapter is not None else None
        self._contract: Contract | None = None
        self._process = ""
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix=f"jpeg-{name}")
        self._is_raw = address.encoding == "raw"

    async def readiness(self) -> Readiness:
        """Ask how it is. Raises Unreachable when nothing listens there."""
        try:
            async with asyncio.timeout(PROBE_S):
                health = await (await self._at()).health()
                if not health.is_ready or health.process != self._process:
                    self._contract, self._process = None, health.process
                if not health.is_ready:
                    state = EngineState.FAILED if health.state == "FAILED" else EngineState.STARTING
                    return Readiness(state, health.error, health.process)
                contract = self._contract = self._contract or await (await self._at()).contract()
        except Barred as error:
            self._contract = None
            return Readiness(EngineState.FAILED, str(error))
        except Unreachable:
            self._contract = None
            raise
        except TimeoutError as error:
            raise Unreachable(f"nothing answers at {self._address.url}: no answer in time") from error
        problem = await self._problem(contract)
        if problem:
            return Readiness(EngineState.FAILED, problem, health.process)
        is_bedside = contract.is_bedside and self._adapter is None
        shares = is_bedside and "system_shared_memory" in contract.extensions
        corrects = is_bedside and "bedside_corrections" in contract.extensions
        state = EngineState.BUSY if health.state == "BUSY" else EngineState.READY
        return Readiness(state, "", health.process, shares, corrects)

    async def register(self, region: str, size: int) -> None:
        """Make the shared memory object `region` known under its own name. Raises Refused, EngineDied."""
        if self._http is None:
            raise Refused("shared memory has no name over gRPC")
        await self._http.register(region, size)

    async def unregister(self, region: str) -> None:
        """Let the engine forget a region; none of that name is fine. Raises EngineDied."""
        if self._http is not None:
            await self._http.unregister(region)

    async def infer(self, ask: Ask) -> Answer:
        """Ask for one answer; the caller sets the deadline.

        Raises Failure (the model failed, or its answer cannot be used), Refused (the request was not taken), EngineDied
        (the connection broke, or the engine is starting again).
        """
        try:
            if ask.region and self._http is not None:
                head = shared_request(ask)
                return await _read(await self._http.infer_binary([head], len(head)))
            contract = self._contract = self._contract or await (await self._at()).contract()
            if self._adapter is not None:
                return await self._adapted(self._adapter, ask, contract)
            return await _read(await (await self._at()).infer(await self._question(ask, contract), contract))
        except Barred as error:
            raise Refused(str(error)) from error
        except Unreachable as error:
            raise EngineDied(str(error)) from error
        except EngineDied:
            self._contract = None  # what comes back there may be another model
            raise

    async def close(self) -> None:
        """Close the connections, and let go of the adapter."""
        if self._server is not None:
            await self._server.close()
        if self._adapter is not None:
            self._adapter.close()
        self._encoder.shutdown(wait=False)

    async def _at(self) -> Server:
        """The server, over what its address says. Raises Barred where a package is not installed for it."""
        if self._server is None:
            if urlsplit(self._address.url).scheme in GRPC:  # an optional package, half a second to load
                over_grpc = await asyncio.to_thread(importlib.import_module, "bedside.engine.over_grpc")
                self._server = over_grpc.Grpc(self._model, self._address)
            else:
                self._server = self._http = Http(self._model, self._address)
        return self._server

    async def _problem(self, contract: Contract) -> str:
        """Why this server cannot be asked as the settings say; empty when it can."""
        if self._adapter is None:
            return "" if contract.has_result else needs_adapter(contract, self._address.url, self._model)
        try:
            await self._adapter.load()
        except AdapterFailed as error:
            return str(error)
        return "" if self._adapter.has_request else unfit(contract.inputs)

    async def _question(self, ask: Ask, contract: Contract) -> Question:
        """The frame for a server that answers with a result."""
        name = "frames" if ask.is_window else "frame"
        if not contract.is_bedside:
            return Question(ask.seq, fitted(ask.pixels, contract.inputs))
        if not self._is_raw and self._takes_jpeg(ask, contract):
            jpeg = await asyncio.get_running_loop().run_in_executor(self._encoder, _jpeg, ask.pixels)
            return Question(ask.seq, {name: jpeg}, told(ask), {"content_type": "image/jpeg"})
        return Question(ask.seq, {name: ask.pixels}, told(ask))

    def _takes_jpeg(self, ask: Ask, contract: Contract) -> bool:
        """Whether this one goes as JPEG; where it never will, that is said once."""
        why = "it gets windows of pictures" if ask.is_window else ""
        if "bedside_jpeg" not in contract.extensions:
            why = "nothing there reads JPEG; install opencv-python-headless or Pillow in its environment"
        if why:
            LOG.warning("engine %s: encoding is jpeg, but %s; pixels go as they are", self._model, why)
            self._is_raw = True
        return not why

    async def _adapted(self, adapter: Adapter, ask: Ask, contract: Contract) -> Answer:
        if adapter.has_request:
            inputs = await adapter.request(ask)
        else:
            inputs = fitted(ask.pixels, contract.inputs)
        response = await (await self._at()).infer(Question(ask.seq, inputs), contract)
        return Answer(await adapter.result(response.tensors), None)


async def _read(response: Response) -> Answer:
    """The answer in it; a long one is read in a thread."""
    return await asyncio.to_thread(read_answer, response) if is_long(response) else read_answer(response)


def needs_adapter(contract: Contract, url: str, model: str) -> str:
    """The sentence for a model that speaks in tensors of its own."""
    takes, gives = (
        ", ".join(map(str, declared)) or "nothing declared" for declared in (contract.inputs, contract.outputs)
    )
    return (
        f"the model '{model}' at {url} speaks in tensors of its own (inputs: {takes}; outputs: {gives}); write "
        f'adapter.py with request(frame, info) and result(outputs), and name it: adapter = "adapter.py"'
    )


def _jpeg(pixels: Pixels) -> Array:
    """One JPEG as a BYTES tensor of one element; colours at full resolution, for it is no person that looks."""
    if pixels.ndim == 2:
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels[..., None]), JPEG_QUALITY, "GRAY")
    else:
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), JPEG_QUALITY, "RGB", "444")
    return tensor([data], "frame")
