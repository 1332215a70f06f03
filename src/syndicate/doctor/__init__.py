"""What an operator would look at first when something is wrong with the machine, the network or the data."""

from syndicate.doctor.examine import examine
from syndicate.doctor.finding import Check, State

__all__ = ["Check", "State", "examine"]
