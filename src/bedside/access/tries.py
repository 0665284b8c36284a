"""How often a secret may be guessed: a few times a minute from one address, and some more from all together."""

import ipaddress
from collections import deque
from contextlib import suppress

from bedside import clock

EACH, ALL = 5, 30
WITHIN_S = 60
MOST_ADDRESSES = 1000
"""What is remembered of more is the newest; a stranger with a thousand addresses does not fill the memory."""


class Tries:
    """Counts tries that were not right. Belongs to one thread. Times are monotonic, ns."""

    def __init__(self, most_each: int = EACH, most: int = ALL) -> None:
        """So many within a minute from one address, and from all together."""
        self._most_each, self._most = most_each, most
        self._each: dict[str, deque[int]] = {}
        self._all: deque[int] = deque()

    def take(self, address: str, now_ns: int | None = None) -> float:
        """Takes one try, and says 0; or none, and says how many seconds there are until the next one.

        A try counts from here on, so that many at once gain nothing; `give_back` it when it was right.
        """
        now_ns = clock.monotonic_ns() if now_ns is None else now_ns
        address = _network(address)
        each = self._each.pop(address, deque[int]())
        self._each[address] = each  # the newest stand at the end
        if len(self._each) > MOST_ADDRESSES:
            self._each.pop(next(iter(self._each)))
        wait_s = max(_wait_s(each, self._most_each, now_ns), _wait_s(self._all, self._most, now_ns))
        if not wait_s:
            each.append(now_ns)
            self._all.append(now_ns)
        return wait_s

    def give_back(self, address: str) -> None:
        """The last try from there was right."""
        each = self._each.get(_network(address))
        if each:
            with suppress(ValueError):  # older than a minute, and forgotten meanwhile
                self._all.remove(each.pop())


def _wait_s(times: deque[int], most: int, now_ns: int) -> float:
    while times and now_ns - times[0] >= WITHIN_S * clock.NS_PER_S:
        times.popleft()
    return WITHIN_S - (now_ns - times[0]) / clock.NS_PER_S if len(times) >= most else 0.0


def _network(address: str) -> str:
    """Who has one IPv6 address has all of its /64; an IPv4 address counts for itself."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else known)
