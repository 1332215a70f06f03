"""What is published, in each of its forms: one file a format, one protocol (see ``base``)."""
