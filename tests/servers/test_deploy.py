"""What stands in deploy/ and in its page."""

import re
from pathlib import Path

import numpy as np
from tests.servers.conftest import DEPLOY, ROOT

from bedside import settings
from bedside.engine.adapter import Adapter
from bedside.engine.ask import Ask


def test_the_settings_can_be_used() -> None:
    """bedside.toml there has an engine for each server."""
    loaded = settings.load(DEPLOY / "bedside.toml", {})
    assert {one.name for one in loaded.engines} == {"triton", "kserve", "mlserver", "ray"}
    assert {one.url.split(":")[0] for one in loaded.engines} == {"http", "https", "grpc"}


async def test_the_adapter_of_the_page_works(tmp_path: Path) -> None:
    """As it is printed there."""
    page = (ROOT / "docs" / "howto" / "remote-engines.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "adapter.py").write_text(code)
    adapter = Adapter(tmp_path / "adapter.py")
    await adapter.load()
    inputs = await adapter.request(Ask(1, np.full((224, 224, 3), 255, np.uint8)))
    image = inputs["image"]
    assert (image.dtype.name, image.shape, image.max()) == ("float32", (1, 3, 224, 224), 1)
    fields = await adapter.result({"scores": np.array([[0.25, 0.75]], np.float32)})
    assert fields["verdict"] == {"label": "abdomen", "score": 0.75, "level": "none"}
    adapter.close()
