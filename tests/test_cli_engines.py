"""Engines as the settings name them."""

from pathlib import Path
from typing import Any

import pytest

from bedside.cli.engines import addresses_of, engines_of, when_of
from bedside.engine.address import Address
from bedside.router.when import When
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings


def engine(**more: Any) -> EngineSettings:
    """An engine on port 8720."""
    return EngineSettings(**{"name": "e", "path": "model", "port": 8720, **more})


def test_replicas_here_have_ports_of_their_own() -> None:
    """Consecutive ones, from the engine's."""
    addresses = addresses_of(engine(concurrency=3), Path("/study"))
    assert addresses == [Address(f"http://127.0.0.1:{port}") for port in (8720, 8721, 8722)]


@pytest.mark.parametrize("place", [{"image": "model:1"}, {"dockerfile": "Dockerfile"}])
def test_an_engine_in_a_container_has_a_socket(place: dict[str, str]) -> None:
    """Another one for each of its processes."""
    urls = [address.url for address in addresses_of(engine(concurrency=2, **place), Path("/study"))]
    assert all(url.startswith("unix:/") for url in urls)
    assert len(set(urls)) == 2


def test_a_server_elsewhere_is_asked_so_often_at_once(tmp_path: Path) -> None:
    """At one address, with all that lets us in; files start at the settings' folder, an adapter at the engine's."""
    more = {"model": "net", "token": "secret", "ca_file": "ca.pem", "adapter": "adapter.py", "encoding": "jpeg"}
    far = engine(url="https://gpu:8000", concurrency=2, **more)
    (tmp_path / "model").mkdir()
    adapter = tmp_path / "model" / "adapter.py"
    expected = Address("https://gpu:8000", "net", "secret", str(tmp_path / "ca.pem"), adapter, "jpeg")
    assert addresses_of(far, tmp_path) == [expected] * 2
    assert (
        addresses_of(engine(url="http://gpu:8000", path="", adapter="a.py"), tmp_path)[0].adapter == tmp_path / "a.py"
    )


async def test_every_engine_is_there_with_its_replicas() -> None:
    """With one window for all of them, and each with its turn."""
    settings = Settings(
        engines=(engine(name="a", concurrency=2, window=4, when="frozen"), engine(name="b", when="every 0.5 s"))
    )
    engines = engines_of(settings, lambda status: None)
    assert [(one.name, len(one.links)) for one in engines] == [("a", 2), ("b", 1)]
    first, second = engines[0].links
    assert first.window is second.window is not None  # type: ignore[attr-defined]
    assert when_of(settings) == {"a": When(is_on_freeze=True), "b": When(every_s=0.5)}
    for one in engines:
        await one.close()
