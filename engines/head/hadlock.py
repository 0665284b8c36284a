"""Estimated fetal weight by Hadlock. Lengths are in millimetres, weights in grams.

Hadlock et al., Am J Obstet Gynecol 1985;151:333. The formulas themselves are in centimetres: the functions convert, and
refuse what looks like centimetres.
"""

PLAUSIBLE_MM = {"HC": (50, 450), "AC": (50, 500), "FL": (10, 100), "BPD": (15, 130)}
"""From the smallest that is no value in cm to the largest of any fetus with room to spare."""


def in_cm(name, value_mm):
    """A length in cm. ValueError for what cannot be a length in mm, such as one in cm or in metres."""
    low, high = PLAUSIBLE_MM[name]
    if not low <= value_mm <= high:  # NaN is refused, too
        seems = " (it looks like cm: multiply it by 10)" if low <= value_mm * 10 <= high else ""
        raise ValueError(f"{name}: {value_mm} mm{seems}; expected {low} to {high} mm")
    return value_mm / 10


def weight_g(hc_mm, ac_mm, fl_mm):
    """Estimated weight from HC, AC and FL in mm: the formula with three parameters."""
    hc, ac, fl = in_cm("HC", hc_mm), in_cm("AC", ac_mm), in_cm("FL", fl_mm)
    return 10 ** (1.326 + 0.0107 * hc + 0.0438 * ac + 0.158 * fl - 0.00326 * ac * fl)


def weight_with_bpd_g(hc_mm, ac_mm, fl_mm, bpd_inner_mm):
    """Estimated weight from HC, AC, FL and BPD in mm. BPD is outer-to-inner: see biometry.bpd_inner_mm."""
    hc, ac, fl = in_cm("HC", hc_mm), in_cm("AC", ac_mm), in_cm("FL", fl_mm)
    bpd = in_cm("BPD", bpd_inner_mm)
    return 10 ** (1.3596 + 0.0064 * hc + 0.0424 * ac + 0.174 * fl + 0.00061 * bpd * ac - 0.00386 * ac * fl)
