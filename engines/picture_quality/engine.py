"""Picture quality: what can be said about any B-mode picture without a learned model.

It finds the scan on the screen, measures gain, contrast, contact, penetration, sharpness and saturation, and says what
to improve first. It shows every kind of answer that a page can show. It is a demonstration, not a clinical tool.
"""

import numpy as np
from measures import brightest, measure
from scan_area import DEPTHS, RAYS, ScanArea

LABELS = ["background", "scan", "dark to the bottom", "saturated"]
NOTE = "Demonstration without a learned model. It measures grey levels and knows no anatomy. Research use only."

# name, value of 0, 5 and 10 points, hint when it is low
SCALES = {
    "contact": ((0.5, 0.8, 0.97), "use more gel, or press evenly"),
    "gain": ((10, 28, 45), "raise the gain"),
    "penetration": ((0.35, 0.6, 0.9), "lower the frequency, or raise the gain in the depth"),
    "contrast": ((25, 60, 110), "raise the dynamic range, or change the preset"),
    "sharpness": ((0.04, 0.09, 0.2), "set the focus to the depth of interest"),
    "shadow": ((0.3, 0.1, 0.02), "move until no rib, bone or gas lies above"),
    "saturation": ((0.15, 0.05, 0.01), "lower the gain"),
}
NAMES = {"shadow": "free of shadows", "saturation": "not saturated"}


class Engine:
    """One scan area, remembered from frame to frame."""

    def __init__(self):
        self._area = ScanArea()

    def predict(self, frame):
        """The picture's quality; `frame` is RGB uint8 [H, W, 3]."""
        grey = reduced(frame)
        if not self._area.find(grey):
            return {
                "verdict": {"label": "Picture", "level": "none", "text": "no scan on the screen"},
                "guidance": {"text": "Put the probe on", "detail": "no scan was found on this picture"},
                "text": NOTE,
            }
        lines = self._area.straightened(grey)
        found = measure(lines)
        concepts = [concept(name, found) for name in SCALES]
        return {
            **self._seen(lines, found, grey),
            "verdict": verdict(concepts),
            "concepts": concepts,
            "guidance": guidance(concepts, found),
            "measurements": measurements(found),
            "classes": self._shape(),
            "images": [{"name": "lines", "title": "Scan lines side by side", "pixels": enlarged(lines)}],
            "text": NOTE,
        }

    def _seen(self, lines, found, grey):
        """What is drawn on the picture."""
        cells = np.where(lines > 240, 3, np.where(found.dark, 2, 1)).astype(np.uint8)
        x1, y = self._area.place(0, found.penetration * (DEPTHS - 1) / DEPTHS, grey.shape)
        x2, _ = self._area.place(1, found.penetration * (DEPTHS - 1) / DEPTHS, grey.shape)
        seen = {
            "mask": self._area.unstraightened(cells, grey.shape),
            "labels": LABELS,
            "lines": [{"x1": x1, "y1": y, "x2": x2, "y2": y, "label": "echoes down to here"}],
            "boxes": self._dark_boxes(found, grey.shape),
        }
        spot = brightest(lines)
        if spot is not None:
            ray, depth, ray_spread, depth_spread = spot
            x, y = self._area.place(ray / RAYS, depth / DEPTHS, grey.shape)
            left, _ = self._area.place((ray - 2 * ray_spread - 1) / RAYS, depth / DEPTHS, grey.shape)
            _, upper = self._area.place(ray / RAYS, max(0.0, (depth - 2 * depth_spread - 1) / DEPTHS), grey.shape)
            seen["points"] = [{"x": x, "y": y, "label": "brightest"}]
            seen["ellipses"] = [{"x": x, "y": y, "rx": abs(x - left), "ry": abs(y - upper)}]
        return seen

    def _dark_boxes(self, found, shape):
        """A box around each group of at least three scan lines without contact."""
        edges = np.flatnonzero(np.diff(np.concatenate([[0], ~found.touches, [0]])))
        boxes = []
        for first, end in zip(edges[::2], edges[1::2]):
            if end - first >= 3:
                corners = [self._area.place(ray / RAYS, depth, shape) for ray in (first, end) for depth in (0.0, 0.3)]
                (x, y), (right, bottom) = np.min(corners, 0), np.max(corners, 0)
                boxes.append({"x": x, "y": y, "width": right - x, "height": bottom - y, "label": "no contact"})
        return boxes

    def _shape(self):
        """Whether the scan widens with the depth."""
        area = self._area
        rows = np.linspace(area.top, area.bottom, 20).astype(int)
        widths = (area.right - area.left)[rows]
        linear = float(np.interp(widths[1:5].mean() / widths.max(), (0.6, 0.9), (0, 1)))
        return [{"name": "linear probe", "score": linear}, {"name": "curved or sector probe", "score": 1 - linear}]


def reduced(frame):
    """Grey levels, float [H, W], of about 320 pixels on the longer side: each the mean of four pixels of a square."""
    step = max(1, round(max(frame.shape[:2]) / 320))
    height, width = frame.shape[0] // step * step, frame.shape[1] // step * step
    grey = (frame if frame.ndim == 2 else frame[..., 1])[:height, :width]
    half = step // 2
    return sum(grey[y::step, x::step].astype(np.float32) for y in (0, half) for x in (0, half)) / 4


def enlarged(lines):
    """The straightened picture at a size that a page can show."""
    return lines.astype(np.uint8).repeat(3, 0).repeat(4, 1)


def concept(name, found):
    """One line of the checklist, 0 to 10; 6 and above is present."""
    value = {
        "contact": found.contact,
        "gain": found.gain,
        "penetration": found.penetration,
        "contrast": found.contrast,
        "sharpness": float(found.sharpness.max()),
        "shadow": found.shadow,
        "saturation": found.saturated,
    }[name]
    scale, hint = SCALES[name]
    points = (0, 5, 10) if scale[0] < scale[2] else (10, 5, 0)
    score = round(float(np.interp(value, sorted(scale), points)), 1)
    return {
        "name": NAMES.get(name, name),
        "ok": score >= 6,
        "value": score,
        "max": 10,
        **({} if score >= 6 else {"hint": hint}),
    }


def verdict(concepts):
    """All is well, one thing is missing, or more."""
    low = [each for each in concepts if not each["ok"]]
    worst = min(each["value"] for each in concepts)
    level = "good" if not low else "near" if len(low) == 1 and worst >= 3 else "poor"
    text = "all that can be measured is fine" if not low else "low: " + ", ".join(each["name"] for each in low)
    return {
        "label": "Picture",
        "level": level,
        "score": np.mean([each["value"] for each in concepts]) / 10,
        "text": text,
    }


def guidance(concepts, found):
    """What to do first: about the thing with the fewest points, contact before all."""
    low = [each for each in concepts if not each["ok"]]
    if not low:
        return {"text": "Hold still", "direction": "hold", "detail": "the picture is good"}
    if not concepts[0]["ok"]:
        missing = ~found.touches
        left, right = missing[: RAYS // 2].mean(), missing[RAYS // 2 :].mean()
        if left > 2 * right:
            return {"text": "Press the left edge of the probe", "direction": "left", "detail": "no contact there"}
        if right > 2 * left:
            return {"text": "Press the right edge of the probe", "direction": "right", "detail": "no contact there"}
        return {"text": "Press the probe on", "direction": "down", "detail": "contact is missing; more gel may help"}
    first = min(low, key=lambda each: each["value"])
    if first["name"] == NAMES["shadow"]:
        left = (found.dark & found.touches)[:, : RAYS // 2].sum() > (found.dark & found.touches)[:, RAYS // 2 :].sum()
        side, away = ("left", "right") if left else ("right", "left")
        return {"text": "Slide to the %s" % away, "direction": away, "detail": "a shadow covers the %s half" % side}
    hint = first["hint"]
    return {"text": hint[0].upper() + hint[1:], "detail": first["name"] + " is what the picture lacks most"}


def measurements(found):
    """The numbers behind the checklist."""
    return [
        {"name": "contact", "value": round(100 * found.contact), "unit": "%"},
        {"name": "penetration", "value": round(100 * found.penetration), "unit": "%"},
        {"name": "mean grey", "value": round(found.gain), "unit": "of 255"},
        {"name": "contrast", "value": round(found.contrast), "unit": "levels"},
        {"name": "sharpness near", "value": round(100 * float(found.sharpness[0])), "unit": "%"},
        {"name": "sharpness far", "value": round(100 * float(found.sharpness[2])), "unit": "%"},
        {"name": "in shadow", "value": round(100 * found.shadow), "unit": "%"},
        {"name": "saturated", "value": round(100 * found.saturated, 1), "unit": "%"},
    ]
