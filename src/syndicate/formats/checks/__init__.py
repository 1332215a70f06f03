"""Whether a feed document is in order: one set of checkers for the gate, ``check`` and ``feeds validate``.

``document.validate`` reads a whole document. The gate (``gate.py``) asks the
same functions in parts: a head when it changes, each entry once when it is
rendered, and of the joined document only what joining can break.
"""
