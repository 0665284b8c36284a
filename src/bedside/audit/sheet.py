"""A page with a crop of each place, for a person to judge. It shows what may be names, and must not be passed on."""

import base64
from collections.abc import Sequence
from html import escape

import cv2

from bedside.audit.places import Place

HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Text in a session</title>
<style>body{font:16px sans-serif;margin:2em;max-width:60em}img{max-width:100%;min-height:32px;border:1px solid #888}
figure{margin:0 0 1.5em}</style><h1>Text in %s</h1>
<p>Research use only. This page shows what may be names: delete it once it was read.</p>
"""


def sheet(name: str, places: Sequence[Place]) -> str:
    """HTML that needs nothing else."""
    return HEAD.replace("%s", escape(name)) + "".join(_figure(place) for place in places)


def _figure(place: Place) -> str:
    _, data = cv2.imencode(".png", cv2.cvtColor(place.crop, cv2.COLOR_RGB2BGR))
    source = base64.b64encode(data.tobytes()).decode()
    when = "" if place.time_s is None else f" at {place.time_s:.1f} s"
    text = f"{place.file}{when}, in {place.pictures} picture{'s' if place.pictures > 1 else ''}"
    return (
        f'<figure><img alt="" src="data:image/png;base64,{source}"><figcaption>{escape(text)}</figcaption></figure>\n'
    )
