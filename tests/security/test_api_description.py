"""openapi.json promises how `/api` answers; whatever is asked, it does."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from tests.hub.test_api import DESCRIBED
from tests.security.server import TOKEN, Server, served

SCHEMA = schemathesis.openapi.from_dict(DESCRIBED)
OPERATIONS = {found.label: found for one in SCHEMA.get_all_operations() if isinstance(one, Ok) and (found := one.ok())}
STRICTER = schemathesis.checks.positive_data_acceptance
"""A 400 in words is right where an installation's settings say more than the description: views, items."""
NAMES = {"kind": ["snapshots", "best"], "name": ["sus", "head", "serve"], "row": ["0", "20"], "number": ["0", "1"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all operations: what one asks, another finds."""
    with served(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_described(server: Server, label: str) -> None:
    """Asked by the description and against it: no 5xx but those described, no status, type or body that is not."""
    known = {**NAMES, "session": [server.session]}

    @settings(max_examples=8, derandomize=True, database=None)
    @given(case=OPERATIONS[label].as_strategy(), data=st.data())
    def ask(case: Any, data: st.DataObject) -> None:
        for name in case.path_parameters:
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        response = case.call(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"})
        case.validate_response(response, excluded_checks=[STRICTER])

    ask()
