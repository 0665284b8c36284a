"""A mother, her fetus and an ultrasound scanner, drawn: every picture comes with its exact truth.

In: a seed that chooses the anatomy, a pose of the probe, commands. Out: the scanner's screen as RGB, and for each
picture the label map, PCBM's 27 property concepts, the plane, and how far the nearest standard plane is.
Promises: the same seed and the same commands give the same picture; nothing of it comes from a patient.
It is a phantom: what it shows is made to test a system and a model's plumbing, not to say how a model fares on people.
"""
