"""What PCBM (Lin et al., arXiv 2211.10630) names in a picture: 4 planes, 14 classes of pixels, 27 property concepts.

The numbers are those of the paper's published code; the names are this project's. The rules between them are in
rules.py.
"""

PLANES = ("femur", "abdomen", "head", "cervix")
"""The predictor's outputs: each plane as a standard plane, then each as a non-standard one."""

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

CONCEPTS = (
    # name, plane, binary (yes or no) or quality (0 to 10)
    ("femur_left_end", "femur", "quality"),
    ("femur_right_end", "femur", "quality"),
    ("femur_angle", "femur", "binary"),
    ("femur_size", "femur", "binary"),
    ("abdomen_symmetry", "abdomen", "binary"),
    ("stomach", "abdomen", "quality"),
    ("umbilical_vein", "abdomen", "quality"),
    ("kidney", "abdomen", "quality"),
    ("abdomen_size", "abdomen", "binary"),
    ("ac_1", "abdomen", "quality"),
    ("ac_2", "abdomen", "quality"),
    ("ac_3", "abdomen", "quality"),
    ("ac_4", "abdomen", "quality"),
    ("head_symmetry", "head", "binary"),
    ("thalamus", "head", "quality"),
    ("cavum", "head", "quality"),
    ("posterior_fossa", "head", "quality"),
    ("head_size", "head", "binary"),
    ("bpd_near", "head", "quality"),
    ("bpd_far", "head", "quality"),
    ("ofd_occipital", "head", "quality"),
    ("ofd_frontal", "head", "quality"),
    ("cervix_size", "cervix", "binary"),
    ("bladder", "cervix", "quality"),
    ("cervix_whole", "cervix", "binary"),
    ("inner_orifice", "cervix", "quality"),
    ("outer_orifice", "cervix", "quality"),
)
INDEX = {name: index for index, (name, _, _) in enumerate(CONCEPTS)}
LABEL = {name: index for index, name in enumerate(CLASSES)}

SHOULD_BE_ABSENT = ("kidney", "posterior_fossa")
NOT_SCORED = ("bladder",)
"""Always 0: the guideline does not ask for it."""
BEST, ENOUGH = 10.0, 5.0
"""The highest quality, and the one from which on a thing counts as present."""
UNKNOWN = 255
"""In a true label map, a pixel whose class nobody knows: it gives no loss, and is not scored."""

BINARY = (2, 3, 4, 8, 13, 17, 22, 24)
"""The global net's outputs."""
ORGANS = (5, 6, 7, 14, 15, 16, 23, 25, 26)
CALIPERS = (0, 1, 9, 10, 11, 12, 18, 19, 20, 21)
"""The outputs of the two local nets."""

MAPS = 21
"""One map for each of the 14 classes, then seven that the rules draw where calipers are set: 14 the femur's left end,
15 its right end, 16 the abdomen's ellipse, 17 BPD far, 18 BPD near, 19 OFD frontal, 20 OFD occipital."""

MAPS_OF = {
    0: (14,),
    1: (15,),
    5: (6,),
    6: (8,),
    7: (9,),
    9: (16,),
    10: (16,),
    11: (16,),
    12: (16,),
    14: (10,),
    15: (12,),
    16: (11,),
    18: (18,),
    19: (17,),
    20: (20,),
    21: (19,),
    23: (4,),
    25: (1, 3),
    26: (1, 2),
}
"""Which maps, added, a quality is judged from."""

NEEDS = {
    **dict.fromkeys((0, 1, 2, 3), (5,)),
    5: (6,),
    6: (8,),
    7: (9,),
    **dict.fromkeys((8, 9, 10, 11, 12), (7,)),
    14: (10,),
    15: (12,),
    16: (11,),
    **dict.fromkeys((17, 18, 19, 20, 21), (13,)),
    23: (4,),
    25: (1, 3),
    26: (1, 2),
}
"""A concept is 0 where one of these classes is not in the picture."""
