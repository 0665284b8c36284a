"""What the figures were measured on: as `bedside bench` says it."""

from bedside.bench.machine import describe, name

__all__ = ["describe", "name"]
