"""``/admin/``: the operators' pages, on the ops listener. No rule stands here: they show and call."""

from syndicate.web.admin.routes import Admin

__all__ = ["Admin"]
