"""Two machines on one network, in namespaces."""

from collections.abc import Iterator

import pytest
from tests.network_namespaces import Lan, lan, why_not


@pytest.fixture
def net() -> Iterator[Lan]:
    """A router, a server and two tablets."""
    if reason := why_not():
        pytest.skip(f"network namespaces: needs {reason}")
    with lan(tablets=2) as found:
        yield found
