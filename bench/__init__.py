"""Every figure that the README and the docs quote: `scripts/bench` runs all, `scripts/bench added paint` some."""
