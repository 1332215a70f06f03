"""The third act: every receiver gets the newest version it is entitled to."""
