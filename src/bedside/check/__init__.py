"""How a model does, measured and drawn, before anybody stands in front of it.

In: an engine's place, how its process is started, and a running broadcaster. Out: what is wrong with its results, a
video and a sheet of them to look at, and the times of the model alone and inside Bedside. Promises: both see the very
same pictures in turns, so that a busy machine is busy for both; nothing is drawn or written while anything is measured;
what was started is ended, whatever happens.
"""
