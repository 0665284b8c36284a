"""The hub: what browsers see.

In come frames, statuses and losses from the subscriber, results and engine states from the router. Out go pages, their
pictures and answers over one websocket each, `/health`, `/metrics` and `/api`. It promises that every page gets the
newest picture that it has room for and never an old one as new, that a slow page delays nobody, that picture and answer
of one frame travel together, and that a view without answers receives nothing of an engine. While a session runs, the
hub keeps what is answered, shown and said in it, and waits for the disk with none of the above.
"""
