"""The kinds of structure: what each is made of, what it is called in the label map, how strongly its surface throws
the sound back. The strengths are chosen to look right beside real pictures."""

from dataclasses import dataclass

import numpy as np

from bedside.phantom.concepts import CLASSES
from bedside.phantom.tissue import ID


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of structure; its parts may overlap and count as one."""

    name: str
    tissue: str
    echo: float = 0.0
    """Of its surface, 0 to 1, where the beam meets it squarely."""
    label: str = "background"


GROUPS = (
    Group("mother", "bowel"),
    Group("muscle", "muscle", 0.12),
    Group("fat", "fat", 0.14),
    Group("skin", "skin", 0.25),
    Group("uterus", "uterus", 0.12),
    Group("fluid", "fluid", 0.3),
    Group("placenta", "placenta", 0.15),
    Group("cord", "vessel wall", 0.5),
    Group("cord blood", "blood", 0.2),
    Group("bladder wall", "muscle", 0.2),
    Group("bladder", "fluid", 0.5, "bladder"),
    Group("outer cervix", "cervix", 0.3, "outer cervix"),
    Group("inner cervix", "cervix", 0.3, "inner cervix"),
    Group("mucosa", "mucosa", 0.1),
    Group("canal", "vessel wall", 0.5, "cervical canal"),
    Group("limb skin", "fetal skin", 0.5),
    Group("limb", "fetal soft tissue", 0.1),
    Group("cartilage", "mucosa", 0.3),
    Group("other bone", "bone", 0.9),
    Group("femur", "bone", 1.0, "femur"),
    Group("trunk skin", "fetal skin", 0.6, "abdomen"),
    Group("trunk fat", "fetal soft tissue", 0.1, "abdomen"),
    Group("trunk wall", "fetal soft tissue", 0.2),
    Group("bowel", "bowel"),
    Group("liver", "liver", 0.1),
    Group("lung", "lung", 0.5),
    Group("heart", "heart", 0.3),
    Group("chamber", "blood", 0.3),
    Group("stomach wall", "vessel wall", 0.2),
    Group("stomach", "fluid", 0.5, "stomach"),
    Group("gallbladder", "fluid", 0.4),
    Group("kidney", "kidney cortex", 0.25, "kidney"),
    Group("kidney pelvis", "kidney pelvis", 0.1, "kidney"),
    Group("vessel wall", "vessel wall", 0.2),
    Group("vessel", "blood", 0.4),
    Group("vein wall", "vessel wall", 0.2, "umbilical vein"),
    Group("vein", "blood", 0.5, "umbilical vein"),
    Group("spine soft", "fetal soft tissue"),
    Group("spine", "bone", 0.9),
    Group("rib", "bone", 0.8),
    Group("scalp", "fetal soft tissue", 0.3),
    Group("skull", "skull bone", 1.0, "skull"),
    Group("suture", "fetal soft tissue", 0.1, "skull"),
    Group("brain fluid", "brain fluid", 0.1),
    Group("brain", "brain", 0.1),
    Group("sulcus", "falx", 0.3),
    Group("falx", "falx", 0.4),
    Group("ventricle", "brain fluid", 0.45),
    Group("skull base", "skull bone", 0.6),
    Group("choroid", "falx", 0.15),
    Group("thalamus", "thalamus", 0.12, "thalamus"),
    Group("cavum wall", "falx", 0.5, "cavum"),
    Group("cavum", "brain fluid", 0.4, "cavum"),
    Group("fossa", "brain fluid", 0.4, "posterior fossa"),
    Group("cerebellum", "cerebellum", 0.4, "posterior fossa"),
    Group("vermis", "falx", 0.2, "posterior fossa"),
)
NUMBER = {group.name: number for number, group in enumerate(GROUPS)}
TISSUE_OF = np.array([ID[group.tissue] for group in GROUPS] + [0] * (256 - len(GROUPS)), np.uint8)
LABEL_OF = np.array([CLASSES.index(group.label) for group in GROUPS] + [0] * (256 - len(GROUPS)), np.uint8)
ECHO_OF = np.array([group.echo for group in GROUPS], np.float32)
