"""Keeps the processes of one machine alive.

In: the settings, as a plan of processes. Out: those processes, their logs and a status file. It promises that a
process which dies or hangs is started again for as long as it takes, that it stops everything it started, and that
nothing it started outlives it, however it ends.
"""
