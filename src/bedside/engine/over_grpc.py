"""A server of the Open Inference Protocol over gRPC, tensors as raw contents. Needs the extra `bedside[grpc]`."""

import asyncio
import ssl
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from bedside.engine.address import Address
from bedside.engine.protocol import NONSENSE, Failure, Question, Response
from bedside.engine.server import Barred, Contract, Health, Refused, barred, missing
from bedside.engine.tensors import Array, Declared, datatype, from_bytes, from_list, to_bytes
from bedside.errors import EngineDied, PredictFailed, Unreachable

try:
    import grpc
    from google.protobuf.message import DecodeError
    from grpc import StatusCode

    from bedside.engine.grpc_messages import SERVICE, message
except ImportError as error:
    raise Barred(
        f"an address grpc:// needs packages that are not here ({error}); install them: pip install 'bedside[grpc]'"
    ) from error

MAX_BODY = 80 * 1024 * 1024
OPTIONS = (
    ("grpc.max_send_message_length", MAX_BODY),
    ("grpc.max_receive_message_length", MAX_BODY),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
)
_LISTS = {
    "BOOL": "bool_contents",
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
}


class Grpc:
    """The model `model` at a grpc or grpcs address."""

    def __init__(self, model: str, address: Address) -> None:
        self._model = model
        self._address = address
        self._url = address.url
        self._channel: Any = None

    async def health(self) -> Health:
        """How it is. Raises Unreachable, Barred."""
        server = await self._probe("ServerReady")
        if not server.ready:
            return Health(False, error="it is not ready")
        model = await self._probe("ModelReady", name=self._model)
        if not model.ready:
            await self._probe("ModelMetadata", name=self._model)  # says so where there is no such model at all
            return Health(False, error=f"its model '{self._model}' is not ready")
        return Health(True)

    async def contract(self) -> Contract:
        """What it can do. Raises Unreachable, Barred."""
        server = await self._probe("ServerMetadata")
        model = await self._probe("ModelMetadata", name=self._model)
        inputs, outputs = (
            tuple(Declared(one.name, one.datatype, tuple(one.shape)) for one in declared)
            for declared in (model.inputs, model.outputs)
        )
        return Contract(frozenset(server.extensions), inputs, outputs)

    async def infer(self, question: Question, contract: Contract) -> Response:
        """Ask. Raises Failure, Refused, EngineDied."""
        try:
            body = await asyncio.to_thread(_request, self._model, question)  # it is copied three times on its way
            return await asyncio.to_thread(_response, await self._send("ModelInfer", body))
        except grpc.RpcError as error:
            self._complain(error)
        except (DecodeError, *NONSENSE) as error:
            raise PredictFailed(
                f"its answer cannot be read: {error!r}; expected one of the Open Inference Protocol"
            ) from error

    async def close(self) -> None:
        """Close the channel."""
        if self._channel is not None:
            await self._channel.close()

    async def _probe(self, method: str, **fields: Any) -> Any:
        try:
            return await self._call(method, **fields)
        except grpc.RpcError as error:
            code, said = error.code(), _said(error)
            if code in (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED):
                raise Barred(barred(self._url, said)) from error
            if code is StatusCode.NOT_FOUND or (
                method.startswith("Model") and "not found" in said
            ):  # MLServer: UNKNOWN
                raise Barred(missing(self._url, self._model)) from error
            if code is StatusCode.UNIMPLEMENTED:
                raise Barred(
                    f"what listens at {self._url} does not speak the Open Inference Protocol ({said})"
                ) from error
            if "CERTIFICATE_VERIFY_FAILED" in said or "Peer name" in said:
                raise Barred(f"{self._url} is not to be trusted: {said}; check ca_file, and the name in url") from error
            raise Unreachable(f"nothing answers at {self._url}: {said}") from error
        except (DecodeError, *NONSENSE) as error:
            raise Unreachable(f"what answers at {self._url} cannot be read: {error!r}; check url") from error

    def _complain(self, error: Any) -> NoReturn:
        """What a failed call for an answer means."""
        code, said = error.code(), _said(error)
        if code is StatusCode.UNAVAILABLE:
            raise EngineDied(f"it died while it computed an answer: {said}") from error
        if code in (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED):
            raise Refused(barred(self._url, said)) from error
        if code in (StatusCode.INVALID_ARGUMENT, StatusCode.NOT_FOUND, StatusCode.UNIMPLEMENTED):
            raise Refused(f"it did not take the frame: {said}") from error
        if code is StatusCode.RESOURCE_EXHAUSTED:
            raise Refused(
                f"it did not take the frame: {said}; its largest message is a setting of the server"
            ) from error
        raise Failure(said) from error

    async def _call(self, method: str, **fields: Any) -> Any:
        body = message(f"{method}Request", **fields).SerializeToString()
        return _parsed(f"{method}Response", await self._send(method, body))

    async def _send(self, method: str, body: bytes) -> bytes:
        if self._channel is None:
            self._channel = await self._connect()
        call = self._channel.unary_unary(f"/{SERVICE}/{method}")  # bytes in and out: what cannot be read is ours to say
        token = self._address.token
        reply: bytes = await call(body, metadata=(("authorization", f"Bearer {token}"),) if token else ())
        return reply

    async def _connect(self) -> Any:
        where = urlsplit(self._url)
        if where.scheme == "grpc":
            return grpc.aio.insecure_channel(where.netloc, OPTIONS)
        ca_file = self._address.ca_file
        # Without one grpc would trust a list of its own, which has no authority of the hospital's.
        file = ca_file or ssl.get_default_verify_paths().cafile
        try:
            trusted = await asyncio.to_thread(Path(file).read_bytes) if file else None
        except OSError as error:
            raise Barred(
                f"ca_file is {file}, which cannot be read: {error.strerror}; expected a certificate"
            ) from error
        return grpc.aio.secure_channel(where.netloc, grpc.ssl_channel_credentials(trusted), OPTIONS)


def _parsed(kind: str, data: bytes) -> Any:
    made = message(kind)
    made.ParseFromString(data)
    return made


def _request(model: str, question: Question) -> bytes:
    told = {key: message("InferParameter", string_param=value) for key, value in question.tensor_parameters.items()}
    inputs = [
        message("Tensor", name=name, datatype=datatype(one), shape=one.shape, parameters=told)
        for name, one in question.inputs.items()
    ]
    made = message(
        "ModelInferRequest",
        model_name=model,
        id=str(question.seq),
        parameters={k: message("InferParameter", string_param=v) for k, v in question.parameters.items()},
        inputs=inputs,
        raw_input_contents=[to_bytes(one) for one in question.inputs.values()],
    )
    body: bytes = made.SerializeToString()
    return body


def _response(data: bytes) -> Response:
    reply = _parsed("ModelInferResponse", data)
    raw = reply.raw_output_contents
    if raw and len(raw) != len(reply.outputs):
        raise ValueError(f"{len(raw)} raw contents for {len(reply.outputs)} outputs")
    tensors: dict[str, Array] = {}
    for number, output in enumerate(reply.outputs):
        kind, shape = output.datatype, list(output.shape)
        if raw:
            tensors[output.name] = from_bytes(kind, shape, raw[number])
        else:
            tensors[output.name] = from_list(kind, shape, list(getattr(output.contents, _LISTS[kind])))
    parameters = {key: getattr(one, one.WhichOneof("choice") or "bool_param") for key, one in reply.parameters.items()}
    return Response(tensors, parameters)


def _said(error: Any) -> str:
    return " ".join(f"{error.details() or error.code().name}".split())[:300]
