"""A script that parses arguments as it is imported."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--weights", default="weights.pt")
options = parser.parse_args()


def predict(frame: object) -> dict[str, object]:
    """Where it is and what it was given."""
    return {"text": f"{options.weights} {Path.cwd().name}"}
