"""NAME.local: found from another machine on the network, and never two machines' name unseen."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.network_namespaces import Host, Lan
from zeroconf import AddressResolverIPv4, DNSQuestionType, IPVersion  # type: ignore[attr-defined]
from zeroconf.asyncio import AsyncZeroconf

from bedside.network.mdns import Name


async def resolve(asker: Host, name: str, wait_ms: int = 3000) -> set[str]:
    """The addresses of `name` as a tablet finds them."""
    with asker.inside():
        zeroconf = AsyncZeroconf(interfaces=[asker.address], ip_version=IPVersion.V4Only)
    try:
        asked = AddressResolverIPv4(f"{name}.")
        await asked.async_request(zeroconf.zeroconf, wait_ms, question_type=DNSQuestionType.QM)  # all hear the answer
        return {str(address) for address in asked.ip_addresses_by_version(IPVersion.V4Only)}
    finally:
        await zeroconf.async_close()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes at the end of a test what it opened."""
    async with AsyncExitStack() as found:
        yield found


async def named(stack: AsyncExitStack, host: Host, wanted: str = "bedside") -> Name:
    """A machine that has taken a name."""
    name = Name(wanted, [host.address], 8080)
    with host.inside():
        await name.open()
    stack.push_async_callback(name.close)
    return name


async def test_each_machine_is_found_by_a_name_of_its_own(
    net: Lan, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    """A tablet asks for bedside.local and gets this machine's address; a second one calls itself bedside-2, says so,
    and is found, too; after the first has gone its name leads nowhere."""
    first = await named(stack, net.server)
    second = await named(stack, net.tablets[0])
    assert second.name == "bedside-2"
    assert f"bedside.local is the machine at {net.server.address} already" in caplog.text
    assert await resolve(net.tablets[1], "bedside.local") == {net.server.address}
    assert await resolve(net.tablets[1], "bedside-2.local") == {net.tablets[0].address}
    await first.close()
    assert await resolve(net.tablets[1], "bedside.local", 800) == set()


async def test_a_rival_that_comes_later_is_said(
    net: Lan, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine of our name that joined unseen, as after a broken link, is named in the log once it speaks."""
    caplog.set_level(logging.WARNING)
    first = await named(stack, net.server)
    net.tablets[0].cut()
    second = await named(stack, net.tablets[0])
    assert second.name == "bedside"
    net.tablets[0].join()
    await resolve(net.tablets[1], "bedside.local")
    assert {first.taken_by, second.taken_by} & {net.server.address, net.tablets[0].address}
    assert "is also the machine at" in caplog.text
