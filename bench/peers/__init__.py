"""Other ways to the same end, on the same work: the same camera, the same model's code, the same machine, in turn.

`camera.py` is the camera that all of them open, `model.py` the model that all of them run. `everyone/` holds one
program for each, in an environment of its own (`environments.py`); `trial.py` runs one of them, `page.py` looks at its
page.
"""
