"""A session as one page to read, and many sessions as one table.

In: session folders. Out: one HTML file that needs nothing else, and CSV.
"""
