"""The rules between PCBM's nets: which plane, where calipers are set, which concepts count.

A label map is [H, W] of whole numbers, places in CLASSES; H and W are those of the nets' input, 224 and 288.
"""

import cv2
import numpy as np
from concepts import CALIPERS, CLASSES, CONCEPTS, LABEL, MAPS, MAPS_OF, NEEDS, NOT_SCORED, ORGANS
from outline import bone_ends, ends, fit_ellipse, points_of

LEAST_SEEN = 0.0005
"""Share of the picture from which on a class counts as seen; less are stray pixels."""
LEAST_PLANE = 0.002
"""Share of the picture that the three largest classes have together where there is a plane."""
LEAST_PX, PATCH_PX, THICK_PX = 100, 40, 30
"""The paper's: pixels that a caliper's structure has at least, half a side of its patch, an ellipse's thickness."""

CLASSES_OF = {
    "head": {LABEL["thalamus"], LABEL["posterior fossa"], LABEL["cavum"], LABEL["skull"]},
    "abdomen": {LABEL["stomach"], LABEL["abdomen"], LABEL["umbilical vein"], LABEL["kidney"]},
    "cervix": {LABEL["cervical canal"], LABEL["outer cervix"], LABEL["inner cervix"]},
}
"""Of which two decide, in this order."""


def counts(label):
    """Pixels of each class, [14]; 0 for those that are not seen and for the background."""
    found = np.bincount(label.ravel(), minlength=len(CLASSES))[: len(CLASSES)]
    found[0] = 0
    return np.where(found < LEAST_SEEN * label.size, 0, found)


def plane_of(label):
    """Which plane it is, from the three largest classes; "" where there is none.

    As in the paper, two classes of one plane decide, then a femur, then the largest class. Differently from it, nothing
    and a bladder alone are no plane.
    """
    found = counts(label)
    largest = [int(one) for one in np.argsort(-found, kind="stable")[:3] if found[one]]
    if found[largest].sum() < LEAST_PLANE * label.size:
        return ""
    for plane, classes in CLASSES_OF.items():
        if len(classes.intersection(largest)) >= 2:
            return plane
    if LABEL["femur"] in largest:
        return "femur"
    return next((plane for plane, classes in CLASSES_OF.items() if largest[0] in classes), "")


def caliper_maps(label, plane=None):
    """The seven maps 14 to 20, uint8 [7, H, W] of 0 and 1, for the recognised plane (asked for where it is None)."""
    plane = plane_of(label) if plane is None else plane
    maps = np.zeros((7, *label.shape), np.uint8)
    if plane == "femur":
        maps[0:2] = femur_maps(label == LABEL["femur"])
    elif plane == "abdomen":
        maps[2], _ = ring(label == LABEL["abdomen"])
    elif plane == "head":
        maps[3:7] = head_maps(label)
    return maps


def femur_maps(femur):
    """Left and right end of a bone [H, W], [2, H, W]."""
    if femur.sum() < LEAST_PX:
        return np.zeros((2, *femur.shape), np.uint8)
    return np.stack([patch(femur, point) for point in bone_ends(points_of(femur))])


def head_maps(label):
    """BPD far and near, OFD frontal and occipital, [4, H, W]: parts of the skull's ellipse around its four ends."""
    drawn, ellipse = ring(label == LABEL["skull"])
    if ellipse is None:
        return np.zeros((4, *label.shape), np.uint8)
    left, right, near, far = ends(ellipse)
    frontal, occipital = (left, right) if face_is_left(label, left, right) else (right, left)
    return np.stack([patch(drawn, point) for point in (far, near, frontal, occipital)])


def face_is_left(label, left, right):
    """The cavum lies in front of the middle, the thalami behind it. To the right where neither is seen."""
    for name, is_frontal in (("cavum", True), ("thalamus", False)):
        points = points_of(label == LABEL[name])
        if len(points) >= LEAST_PX:
            middle = np.median(points, axis=0)
            return bool(np.hypot(*(middle - left)) < np.hypot(*(middle - right))) == is_frontal
    return False


def ring(band):
    """The ellipse through a band [H, W], drawn thickly, and itself; nothing and None where there is none."""
    drawn = np.zeros(band.shape, np.uint8)
    band = cv2.medianBlur(band.astype(np.uint8), 3)
    ellipse = fit_ellipse(points_of(band)) if band.sum() >= LEAST_PX else None
    if ellipse is not None:
        cv2.ellipse(drawn, ellipse, 1, THICK_PX)
    return drawn, ellipse


def patch(mask, point):
    """What of a mask lies within 40 pixels of a point (x, y), to each side."""
    x, y = np.round(point).astype(int)
    rows = slice(max(0, y - PATCH_PX), max(0, y + PATCH_PX))
    columns = slice(max(0, x - PATCH_PX), max(0, x + PATCH_PX))
    cut = np.zeros(mask.shape, np.uint8)
    cut[rows, columns] = mask[rows, columns]
    return cut


def all_maps(label, plane=None):
    """What the conceiver looks at beside the picture: 14 classes and seven calipers' maps, float32 [21, H, W]."""
    maps = np.zeros((MAPS, *label.shape), np.float32)
    for one in np.flatnonzero(np.bincount(label.ravel(), minlength=len(CLASSES))[: len(CLASSES)]):
        maps[one] = label == one
    maps[len(CLASSES) :] = caliper_maps(label, plane)
    return maps


def concept_mask(label, plane):
    """Which concepts count, bool [27]: those of the plane whose structures are all seen."""
    found = counts(label) > 0
    return np.array(
        [
            of == plane and name not in NOT_SCORED and all(found[one] for one in NEEDS.get(index, ()))
            for index, (name, of, _) in enumerate(CONCEPTS)
        ]
    )


def local_passes(mask):
    """What the local nets must be asked where these concepts [27] count: two dicts, from the maps that are added to the
    concepts that are judged from them. At most 2 passes for a femur, 7 for a head, 4 for an abdomen, 2 for a cervix;
    the paper's code makes 19."""
    organs, calipers = {}, {}
    for asked, group in ((organs, ORGANS), (calipers, CALIPERS)):
        for index in group:
            if mask[index]:
                asked.setdefault(MAPS_OF[index], []).append(index)
    return organs, calipers
