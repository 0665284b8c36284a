"""A recorded session through another model: its frames to engines or a pipeline, the answers beside the scan's own.

In: a session's video and rows, engines. Out: `results-NEW.jsonl` with its masks, and where two models differ.
"""
