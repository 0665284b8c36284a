"""What is asked of any server of the Open Inference Protocol, whether over HTTP or over gRPC."""

from dataclasses import dataclass
from typing import Protocol

from bedside.engine.protocol import Question, Response
from bedside.engine.tensors import Declared
from bedside.errors import PredictFailed, Unreachable


class Refused(PredictFailed):
    """The engine did not accept the request as it was, for example because it does not know the region (any more)."""


class Barred(Unreachable):
    """Somebody is there, and waiting will not help: another setting will, such as token, certificate, url or model."""


@dataclass(frozen=True)
class Health:
    """What a server says of itself and of the model now."""

    is_ready: bool
    state: str = ""
    """A Bedside engine's own word: READY, BUSY, STARTING, FAILED."""
    error: str = ""
    process: str = ""
    """Another text after every start of a Bedside engine; empty for other servers."""


@dataclass(frozen=True)
class Contract:
    """What a server can do, and what its model takes and gives."""

    extensions: frozenset[str] = frozenset()
    inputs: tuple[Declared, ...] = ()
    outputs: tuple[Declared, ...] = ()
    takes_binary: bool = True
    """Whether tensors may travel as they are; else they are numbers in JSON."""

    @property
    def is_bedside(self) -> bool:
        """Whether it is a Bedside engine: it knows parameters and forms of pictures that the protocol does not."""
        return "bedside" in self.extensions

    @property
    def has_result(self) -> bool:
        """Whether it takes a frame and gives a result as a Bedside engine does, so that no adapter is needed."""
        takes_frame = [one.name in ("frame", "frames") and one.datatype == "UINT8" for one in self.inputs] == [True]
        return self.is_bedside or (
            takes_frame and any(o.name == "result" and o.datatype == "BYTES" for o in self.outputs)
        )


class Server(Protocol):
    """One model on one server. The caller sets the deadlines."""

    async def health(self) -> Health:
        """How it is. Raises Unreachable, Barred."""
        ...

    async def contract(self) -> Contract:
        """What it can do. Raises Unreachable, Barred."""
        ...

    async def infer(self, question: Question, contract: Contract) -> Response:
        """Ask. Raises Failure (the model failed), Refused (the request was not taken), EngineDied."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def missing(url: str, model: str) -> str:
    """The sentence for a server without the model."""
    return f"what listens at {url} has no model '{model}'; check model (or name) and url"


def barred(url: str, answer: str) -> str:
    """The sentence for a server that does not let us in."""
    return f"what listens at {url} does not let Bedside in ({answer}); check token"
