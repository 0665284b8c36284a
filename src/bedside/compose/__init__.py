"""The same processes in containers of Docker Compose.

In: the settings, through `supervisor.plan` and `engine.container`. Out: the text of `compose.yaml`, and the images that
it names. Promises: verbs, limits and rights are those of `bedside up`; only the server has a port; no engine has a
network.
"""
