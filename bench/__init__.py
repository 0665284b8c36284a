"""Every figure that the README and the docs quote: `scripts/bench` runs all, `scripts/bench added paint` some.

Those of docs/decisions, small comparisons in one process, come from `python -m bench.decisions`.
"""
