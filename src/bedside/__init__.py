"""Bedside: the scanner's HDMI picture in, any research model's explained answer on a tablet out.

Folders are the boxes of the picture in ARCHITECTURE.md: `source` makes frames, `bus` hands them to everyone,
`router` and `engine` get answers to them, `hub` shows them on pages, `supervisor` keeps the processes alive.
"""

__version__ = "0.1.0"
