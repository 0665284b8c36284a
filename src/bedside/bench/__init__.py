"""What this machine and a model of one's own come to, measured and drawn: `bedside bench`.

In: settings with a source and engines. Out: percentiles of every stage of a frame's way, beside what this machine could
do at best, as a file for programs and a page of plots for people. Promises: nothing that is measured is ever judged
here; distributions, not means; what was started is ended, whatever happens.
"""
