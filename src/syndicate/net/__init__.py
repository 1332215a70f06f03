"""Outgoing HTTP: one client, its limits, the address guard and the breakers.

Nothing is imported here, so that whoever needs a type only does not pay for
the HTTP library: import ``net.answer``, ``net.client``, ``net.guard``,
``net.breaker``.
"""
