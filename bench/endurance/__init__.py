"""`scripts/endurance`: a scan of an hour, or a day, in which something breaks each minute.

One system runs with a recording, a page in Chromium and viewers. Each fault is watched until all is back; memory,
descriptors, threads and shared memory are noted all the while; and in the end each frame that the recording lacks is
matched with the fault that cost it. docs/topics/endurance.md says how to read what comes out.
"""
