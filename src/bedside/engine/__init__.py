"""One engine, seen from the server.

In: frames (by number) and a way to borrow their pixels. Out: results, and the engine's state on every change.
Promises: one request in flight; the pixels lie still until the answer; whatever the engine does - raise, hang, die,
answer nonsense - becomes a sentence, and the link finds the engine again by itself.
"""
