"""Hands every frame to everyone who asks, on this machine without a copy on the way.

In: frames with their pixels and statuses, from a capture that runs in a thread of its own.
Out: a ring of pictures in shared memory and a websocket that announces them, with a JPEG where it was asked for.
Promises: a torn picture is never returned; a slow subscriber makes nobody wait; what is lost is counted, and by cause.
"""
