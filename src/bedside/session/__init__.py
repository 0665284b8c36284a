"""Session folders: what is kept, and where.

In come files and marks to keep; out go paths and what was kept. It promises that only this package knows where things
lie, that a file is either whole or absent, that a journal's lines are whole, and that a folder is made with the first
thing kept, never before.
"""
