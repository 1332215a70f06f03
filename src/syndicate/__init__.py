"""A syndication feed publisher and distributor for news outlets."""

__version__ = "0.1.0"
