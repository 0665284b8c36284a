"""Session folders: what is kept, and where.

In come who starts and ends a session, files and marks to keep; out go paths and what was kept. It promises that only
this package knows where things lie, that a file is either whole or absent, that a journal's lines are whole, that which
session runs outlives every process, and that nothing is made before a session starts.
"""
