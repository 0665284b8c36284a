"""Sessions as people look at them afterwards: what happened when, every frame exactly, what was said of it.

In: session folders. Out: values that pages, reports and exports show. It writes nothing but people's notes.
"""
