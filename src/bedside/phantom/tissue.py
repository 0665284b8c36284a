"""What the phantom is made of. Numbers are chosen to look right beside real pictures; they are no measurements."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tissue:
    """How one kind of tissue echoes and what becomes of the sound in it."""

    name: str
    echo_db: float
    """Mean level of its speckle, relative to liver."""
    loss_db_per_cm: float
    """Attenuation, there and back, at the probe's frequency."""
    grain: float = 1.0
    """How unevenly it echoes from place to place; 0 is the same everywhere."""


TISSUES = (
    Tissue("outside", -90.0, 0.0),
    Tissue("fluid", -55.0, 0.05),
    Tissue("skin", 8.0, 1.2),
    Tissue("fat", -6.0, 0.9, 2.2),
    Tissue("muscle", -2.0, 1.0, 2.4),
    Tissue("uterus", -3.0, 0.8, 1.5),
    Tissue("placenta", 3.0, 0.7),
    Tissue("fetal soft tissue", -2.0, 0.7, 1.5),
    Tissue("fetal skin", 5.0, 0.9),
    Tissue("bone", 25.0, 30.0),
    Tissue("skull bone", 25.0, 7.0, 0.5),
    Tissue("brain", -12.0, 0.5, 1.6),
    Tissue("thalamus", -20.0, 0.5),
    Tissue("brain fluid", -38.0, 0.1),
    Tissue("falx", -2.0, 0.6, 4.0),
    Tissue("cerebellum", -8.0, 0.5),
    Tissue("liver", 0.0, 0.6),
    Tissue("bowel", 2.0, 0.8, 3.0),
    Tissue("kidney cortex", -9.0, 0.6),
    Tissue("kidney pelvis", 5.0, 0.5),
    Tissue("vessel wall", 7.0, 0.6),
    Tissue("blood", -38.0, 0.1),
    Tissue("lung", 4.0, 0.7),
    Tissue("heart", -6.0, 0.6),
    Tissue("cervix", -3.0, 0.7),
    Tissue("mucosa", -11.0, 0.6),
    Tissue("gas", 14.0, 30.0),
)
"""A sample's tissue is its place here."""
ID = {tissue.name: number for number, tissue in enumerate(TISSUES)}
