"""One file that installs Bedside on a machine without a network.

In: this source, the lock, the engines and settings of one `bedside.toml`. Out: a zip application for
Python 3.11 or later. Promises: every byte of it is checked before anything is done; an
installation that is interrupted or fails changes nothing; data is never touched; the version before is one
command away.

`make`, `carried`, `wheels`, `own` and `images` make the file. The modules in `manifest.TARGET` travel in it and run on
the other machine: they import the standard library and each other, `errors` and `clock`, and nothing else.
"""
