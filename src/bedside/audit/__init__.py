"""Looks for text in what a session has kept: names that a mask should have hidden.

In: a session's folder and a text finder. Out: the places with text and the first picture of each, and free text in its
files that looks like a name. Promises: nothing in the folder is changed; what could not be looked at is said.
"""
