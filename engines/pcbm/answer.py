"""What PCBM has concluded, as the answer that docs/reference/result.md describes."""

import numpy as np
from checklist import CHECKLISTS, shown
from concepts import CLASSES, PLANES
from geometry import whole_mask
from measure import biometry

LEAST_SCORE = 0.5
"""A plane that is less sure is none, and structures that are less sure are not outlined."""
NO_PLANE = "No plane"
NOTE = "Its planes were learnt from drawn pictures of a phantom, never from a real fetus. Research use only."


def answer(concluded, geometry):
    """The result of one frame from Concluded (bottleneck.py)."""
    label, plane = concluded.label, concluded.plane
    score, is_standard = judged(concluded)
    mask = {"mask": whole_mask(label), "labels": list(CLASSES)} if concluded.certainty >= LEAST_SCORE else {}
    if not plane or score < LEAST_SCORE:
        return {**nothing(score), **mask}
    checklist = [shown(point, concluded.concepts, concluded.mask) for point in CHECKLISTS[plane]]
    ellipses, lines, measurements = biometry(label, plane, geometry)
    return {
        "verdict": {
            "label": plane.capitalize(),
            "level": "good" if is_standard else "near",
            "score": score,
            "text": "standard plane" if is_standard else "close to a standard plane",
        },
        "classes": classes(concluded.outputs),
        "concepts": checklist,
        "guidance": guidance(plane, is_standard, checklist),
        "ellipses": ellipses,
        "lines": lines,
        "measurements": measurements,
        "text": NOTE,
        **mask,
    }


def judged(concluded):
    """How sure the plane is, 0 to 1, and whether it is a standard plane.

    The rules say which plane it is, the predictor whether it agrees, and the
    observer how sure it is of the structures that all of this rests on.
    """
    if not concluded.plane:
        return 0.0, False
    at = PLANES.index(concluded.plane)
    standard, other = concluded.outputs[at], concluded.outputs[at + len(PLANES)]
    return float((standard + other) * concluded.certainty), bool(standard >= other)


def nothing(score=0.0):
    """The answer where no plane is seen; `score` is how sure one would have been."""
    return {
        "verdict": {"label": NO_PLANE, "level": "none", "score": score, "text": "nothing to judge yet"},
        "guidance": {"text": "Search slowly", "detail": "no plane of the head, abdomen, femur or cervix is recognised"},
        "text": NOTE,
    }


def guidance(plane, is_standard, checklist):
    """What to improve first; to hold still where nothing is to be improved."""
    if is_standard:
        return {"text": "Hold still and freeze", "direction": "hold", "detail": f"standard plane of the {plane}"}
    missing = next((line for line in checklist if not line["ok"]), None)
    if missing is None:
        return {"text": "Move very little", "detail": "every point is met, and the whole is not convincing yet"}
    hint = missing["hint"]
    return {"text": hint[0].upper() + hint[1:], "detail": f"first to improve: {missing['name']}"}


def classes(outputs):
    """How probable each plane is, standard or not, the most probable first."""
    scores = outputs.reshape(2, len(PLANES)).sum(0)
    return [{"name": PLANES[at].capitalize(), "score": min(1.0, float(scores[at]))} for at in np.argsort(-scores)]
