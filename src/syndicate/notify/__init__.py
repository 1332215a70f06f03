"""Telling people what needs them: what lasts is said once, again after a while, and when it is over."""
