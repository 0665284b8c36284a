"""What PCBM (Lin et al., arXiv 2211.10630) names in a picture: 4 planes, 14 classes of pixels, 27 property concepts.

The classes and concepts are numbered as in the paper's published code; their names are this project's.
"""

from dataclasses import dataclass

PLANES = ("femur", "abdomen", "head", "cervix")

CLASSES = (
    "background",
    "cervical canal",
    "outer cervix",
    "inner cervix",
    "bladder",
    "femur",
    "stomach",
    "abdomen",
    "umbilical vein",
    "kidney",
    "thalamus",
    "posterior fossa",
    "cavum",
    "skull",
)
"""`abdomen` and `skull` are bands along the outline; a pixel's label is its place here."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One property concept."""

    name: str
    plane: str
    is_binary: bool
    """Yes (1) or no (0); else a quality from 0 (not seen) to 10."""
    should_be_absent: bool = False


CONCEPTS = (
    Concept("femur_left_end", "femur", False),
    Concept("femur_right_end", "femur", False),
    Concept("femur_angle", "femur", True),
    Concept("femur_size", "femur", True),
    Concept("abdomen_symmetry", "abdomen", True),
    Concept("stomach", "abdomen", False),
    Concept("umbilical_vein", "abdomen", False),
    Concept("kidney", "abdomen", False, should_be_absent=True),
    Concept("abdomen_size", "abdomen", True),
    Concept("ac_1", "abdomen", False),
    Concept("ac_2", "abdomen", False),
    Concept("ac_3", "abdomen", False),
    Concept("ac_4", "abdomen", False),
    Concept("head_symmetry", "head", True),
    Concept("thalamus", "head", False),
    Concept("cavum", "head", False),
    Concept("posterior_fossa", "head", False, should_be_absent=True),
    Concept("head_size", "head", True),
    Concept("bpd_near", "head", False),
    Concept("bpd_far", "head", False),
    Concept("ofd_occipital", "head", False),
    Concept("ofd_frontal", "head", False),
    Concept("cervix_size", "cervix", True),
    Concept("bladder", "cervix", False),
    Concept("cervix_whole", "cervix", True),
    Concept("inner_orifice", "cervix", False),
    Concept("outer_orifice", "cervix", False),
)
INDEX = {concept.name: index for index, concept in enumerate(CONCEPTS)}
ENOUGH = 5.0
"""A quality from here on counts as present."""
