"""Fetal growth: what the four planes give together. PCBM says which plane it is, the head engine measures the head.

Only standard planes are measured, and a head only where the head engine, too, calls it good. The median of the last
ones of each length is kept, and when HC, AC and FL are known the weight is estimated by Hadlock. Research use only.
"""

import statistics
import sys
from collections import deque
from pathlib import Path

from bedside.router.fuse import fused

sys.path.append(str(Path(__file__).resolve().parents[1] / "head"))
from biometry import bpd_inner_mm
from hadlock import weight_g, weight_with_bpd_g

FRAMES = 15
"""Standard frames that a median is taken of."""
KEPT_S, GAP_S = 900, 30
"""A length is forgotten after so long; all are when no frame came for so long, as between two persons."""
PLANES = {"HC": "head", "AC": "abdomen", "FL": "femur"}
"""What the weight needs, and where it is seen."""
EFW_ERROR = 0.10 / 1.28
"""One standard deviation, as a share: four of five estimates lie within 10 % (Hadlock with three parameters)."""


class Lengths:
    """The last lengths of standard frames, in mm."""

    def __init__(self):
        self._kept = {}
        self._last_s = 0.0

    def at(self, time_s):
        """It is `time_s` now, by the frames' clock."""
        if not 0 <= time_s - self._last_s <= GAP_S:
            self._kept.clear()
        self._last_s = time_s
        for name in list(self._kept):
            while self._kept[name] and time_s - self._kept[name][0][0] > KEPT_S:
                self._kept[name].popleft()
            if not self._kept[name]:
                del self._kept[name]

    def add(self, measurements):
        """Keep the lengths of one standard frame."""
        for one in measurements:
            if one.get("unit") == "mm":
                kept = self._kept.setdefault(one["name"], deque(maxlen=FRAMES))
                kept.append((self._last_s, one["value"], one.get("uncertainty", 0.0)))

    def medians(self):
        """{name: (median in mm, uncertainty in mm, number of frames)}.

        The uncertainty is one standard deviation: the engine's own, and the spread of the frames.
        """
        found = {}
        for name, kept in self._kept.items():
            values = [value for _, value, _ in kept]
            middle = statistics.median(values)
            spread = 1.4826 * statistics.median(abs(value - middle) for value in values)
            own = statistics.median(error for _, _, error in kept)
            found[name] = middle, (own**2 + spread**2) ** 0.5, len(values)
        return found


LENGTHS = Lengths()


async def pipeline(frame, engines):
    """PCBM's answer, with the lengths so far and the weight in place of its own measurements."""
    plane = await engines.ask("pcbm")
    is_standard = bool(plane) and level(plane) == "good"
    head = await engines.ask("head") if is_standard and plane.label == "Head" else None
    if head is not None and head.label != "Head":
        head = None  # it sees none, or it is missing: then PCBM's own measures count
    LENGTHS.at(frame.time_s)
    if is_standard and level(head or plane) == "good":
        LENGTHS.add((head or plane).get("measurements", ()))
    answer = fused(plane)
    if head:
        answer.update({name: head.get(name) for name in ("ellipses", "lines") if head.get(name)})
    lengths = LENGTHS.medians()
    shown = [
        {"name": name, "value": round(value, 1), "unit": "mm", "uncertainty": round(error, 1)}
        for name, (value, error, _) in lengths.items()
    ]
    weight, words = estimated(lengths)
    answer["measurements"] = shown + weight
    answer["text"] = "\n".join(text for text in (words, answer.get("text", "")) if text)
    return answer


def level(part):
    """How good the plane is, by one engine."""
    return part.get("verdict", {}).get("level")


def estimated(lengths):
    """The weight as a list of measurements, empty while something is missing; and a sentence about it."""
    missing = [f"{name} (show the {plane})" for name, plane in PLANES.items() if name not in lengths]
    if missing:
        return [], "Estimated weight: still needed " + ", ".join(missing) + "."
    values = {name: lengths[name][0] for name in lengths}
    hc, ac, fl, bpd = (values.get(name) for name in ("HC", "AC", "FL", "BPD"))
    try:
        grams = weight_with_bpd_g(hc, ac, fl, bpd_inner_mm(bpd)) if bpd else weight_g(hc, ac, fl)
    except ValueError as error:
        return [], f"No weight is estimated. {error}. Check the pixel spacing."
    frames = ", ".join(f"{name} of {lengths[name][2]}" for name in PLANES)
    weight = {"name": "weight", "value": round(grams), "unit": "g", "uncertainty": round(EFW_ERROR * grams)}
    formula = "HC, AC, FL and BPD" if bpd else "HC, AC and FL"
    return [weight], f"Estimated weight by Hadlock from {formula}; frames: {frames}."
