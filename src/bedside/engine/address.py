"""Where an engine is, and how to be let in."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Address:
    """A server of the Open Inference Protocol."""

    url: str
    """http, https, grpc or grpcs; unix:/path/to/socket for a container on this machine."""
    model: str = ""
    """The model's name on the server; empty is the engine's name."""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    """Certificate that the server is trusted by; empty trusts this machine's."""
    adapter: Path | None = None
    """File with request(frame, info) and result(outputs), for a server that speaks in raw tensors."""
    encoding: str = "raw"
    """How pixels reach an engine on another machine: raw or jpeg."""

    @property
    def is_near(self) -> bool:
        """Whether it is on this machine, so that it may read our shared memory."""
        parts = urlsplit(self.url)
        return parts.scheme == "unix" or parts.hostname in ("127.0.0.1", "::1", "localhost")
