"""Where published stories come from: one file a source, one protocol (see ``base``)."""
