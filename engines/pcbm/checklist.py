"""What a standard plane must show, in words that a person at the scanner knows: the 6-6-4 points of Salomon et al. (UOG
2006;27:34) that ISUOG's guideline on fetal biometry took over, and four of the cervix."""

from collections import namedtuple

from concepts import BEST, CONCEPTS, ENOUGH, INDEX, SHOULD_BE_ABSENT

Point = namedtuple("Point", "name indices hint")
"""name is what the page shows, indices are the concepts that it stands for (their mean counts), hint how to get it."""


def _point(name, concepts, hint):
    return Point(name, tuple(INDEX[one] for one in concepts.split()), hint)


_CLOSER = "reduce the depth until it fills half of the picture"

CHECKLISTS = {
    "head": (
        _point("symmetrical", "head_symmetry", "rotate the probe until the midline halves the head"),
        _point("thalami", "thalamus", "tilt the probe until both thalami show beside the midline"),
        _point("cavum", "cavum", "tilt the probe towards the forehead until the midline breaks at the cavum"),
        _point("no cerebellum", "posterior_fossa", "tilt the probe away from the neck until the cerebellum is gone"),
        _point("fills half", "head_size", _CLOSER),
        _point("calipers", "bpd_near bpd_far ofd_occipital ofd_frontal", "show the skull sharply all around"),
    ),
    "abdomen": (
        _point("symmetrical", "abdomen_symmetry", "rotate the probe until the abdomen is round"),
        _point("stomach", "stomach", "slide the probe towards the head until the stomach shows"),
        _point("umbilical vein", "umbilical_vein", "tilt the probe until a third of the umbilical vein shows"),
        _point("no kidney", "kidney", "slide the probe towards the head until the kidneys are gone"),
        _point("fills half", "abdomen_size", _CLOSER),
        _point("calipers", "ac_1 ac_2 ac_3 ac_4", "show the skin all around"),
    ),
    "femur": (
        _point("left end", "femur_left_end", "slide and rotate the probe until the bone's left end is sharp"),
        _point("right end", "femur_right_end", "slide and rotate the probe until the bone's right end is sharp"),
        _point("angle below 45°", "femur_angle", "rock the probe until the bone lies flat"),
        _point("fills half", "femur_size", _CLOSER),
    ),
    "cervix": (
        _point("whole canal", "cervix_whole", "rotate the probe until the whole canal shows"),
        _point("inner orifice", "inner_orifice", "slide the probe until the canal's inner end is sharp"),
        _point("outer orifice", "outer_orifice", "slide the probe until the canal's outer end is sharp"),
        _point("fills the picture", "cervix_size", "reduce the depth until it fills three quarters of the picture"),
    ),
}


def is_quality(point):
    """Whether it is graded, not yes or no."""
    return CONCEPTS[point.indices[0]][2] == "quality"


def is_absence(point):
    """Whether it asks for something not to be there."""
    return CONCEPTS[point.indices[0]][0] in SHOULD_BE_ABSENT


def shown(point, concepts, mask):
    """One line of the result's checklist; concepts [27], and which of them count [27].

    A quality that is too low has its value; what is not in the picture at all has none.
    """
    line = {"name": point.name, "ok": False, "hint": point.hint}
    value = float(concepts[list(point.indices)].mean())
    if not is_quality(point):
        line["ok"] = value >= 0.5
    elif mask[list(point.indices)].any():
        value = BEST - value if is_absence(point) else value
        line.update(ok=value > ENOUGH if is_absence(point) else value >= ENOUGH, value=round(value, 1), max=BEST)
    else:
        line["ok"] = is_absence(point)
    if line["ok"]:
        del line["hint"]
    return line


def corrected(plane, said):
    """The concepts that a person has corrected, {index: value}, from {shown name: True, False or a number}.

    True is the best there is and False the worst, for a thing that should be absent, too: "no kidney" is True where
    there is none. Names of other planes change nothing.
    """
    found = {}
    for point in CHECKLISTS[plane]:
        if point.name in said:
            found.update(dict.fromkeys(point.indices, _value(point, said[point.name])))
    return found


def _value(point, said):
    if not is_quality(point):
        return float(said >= 0.5)
    value = BEST * said if isinstance(said, bool) else min(max(float(said), 0.0), BEST)
    return BEST - value if is_absence(point) else value
