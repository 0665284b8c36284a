"""The runner: one model, served from inside its own environment.

In comes a folder or file with the researcher's `class Engine` or `predict(frame)`; out go answers over the Open
Inference Protocol. It needs Python 3.7 or later and numpy, installs nothing, and imports nothing of Bedside. Model code
runs in the main thread; a prediction that never ends takes the process down, with its stack in the log, so that
whoever started it can start it again.
"""

VERSION = "0.1.0"
