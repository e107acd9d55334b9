"""Who can be asked: models, their providers, their rows in the list, and who answers.

May import: `bodies`, `pace`.
"""

from simulator.catalogue.models import PROVIDERS, Model, Provider
from simulator.catalogue.moving import MovingShares

__all__ = ["PROVIDERS", "Model", "MovingShares", "Provider"]
