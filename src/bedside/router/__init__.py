"""Which engine gets which frame.

In: every frame and status from the bus. Out: results, each with the very pixels it speaks of. Promises: each engine
gets the newest frame when it is free and its turn, never one twice and never one that the signal has made worthless;
its answers leave in the order of their frames; one engine's trouble is no other's. A pipeline of several engines takes
the place of the lanes: it asks the same links, and publishes one result.
"""
