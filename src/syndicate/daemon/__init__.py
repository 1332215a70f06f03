"""The running process: what makes the acts happen, and when.

A story's way through it: ``polls`` asks the sources, and ``ingest`` takes what they bring; ``publishing`` has
``publish`` rebuild the feeds that this touched, and hands them to ``shelving``, which puts them where the web
serves them from; ``deliveries`` tells whoever is to be told, by ``distribute``.

``assembly`` puts these parts together, ``app`` starts and stops them, and ``listeners`` is what answers at
the doors. ``outlet`` is the configuration they all work under; ``reloading`` exchanges it.
"""
