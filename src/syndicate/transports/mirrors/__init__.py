"""Places the public files are kept at beside our own: one file a kind, one protocol (``base.py``)."""
