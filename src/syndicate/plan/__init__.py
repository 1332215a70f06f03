"""What changed terms mean for what is already out, and making it so.

``look`` finds the effect and changes nothing. ``Applying`` journals it: a story
whose agency's terms changed becomes a new revision for everyone who was ever
offered it; a partner whose own terms changed gets its stories anew, or taken
back, on its own lanes alone.
"""

from syndicate.plan.applying import Applying
from syndicate.plan.changes import Plan
from syndicate.plan.effects import look

__all__ = ["Applying", "Plan", "look"]
