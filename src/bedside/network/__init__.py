"""What tablets need of the network: one interface's addresses, a name there, and certificates.

Comes in: an interface, a name, a folder. Goes out: addresses as they change, an answer to `NAME.local`, a TLS context.
Promises: nothing is said or heard on any interface but the chosen one, and nothing leaves the closed network.
"""
