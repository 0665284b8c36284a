"""Which alerts stand: raised at once, and held for a while so that a person can read them."""

from bedside import clock
from bedside.hub.alerts import KINDS, Alert, Facts, alerts

HOLD_S = 5.0
"""So long a sentence stays at least after its cause has gone: nobody reads what is gone at once."""


class Standing:
    """Which alerts stand: what is raised stands at once, and for `HOLD_S` after its cause has gone.

    What the page says where it happens goes at once, as there.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Alert, int]] = {}

    def look(self, facts: Facts, now_ns: int) -> tuple[Alert, ...]:
        """The alerts that stand now; `now_ns` is monotonic."""
        for alert in alerts(facts, frozenset(self._seen)):
            self._seen[alert.id] = (alert, now_ns)
        held = {
            id_: (alert, seen_ns)
            for id_, (alert, seen_ns) in self._seen.items()
            if clock.age_ms(seen_ns, now_ns) <= (0 if alert.is_on_page else HOLD_S * 1e3)
        }
        self._seen = held
        order = {kind: place for place, kind in enumerate(KINDS)}
        found = [alert for alert, _ in held.values()]
        return tuple(sorted(found, key=lambda alert: (-alert.level, order[alert.id.split(" ")[0]], alert.id)))


def in_words(standing: tuple[Alert, ...]) -> str:
    """One line for everything."""
    if not standing:
        return "All is well."
    rest = len(standing) - 1
    return standing[0].sentence + (f" And {rest} more." if rest else "")
