"""Who can be asked: models, their providers, their rows in the list, and who answers.

May import: `bodies`, `pace`.
"""

from simulator.catalogue.models import PROVIDERS, Model, Provider

__all__ = ["PROVIDERS", "Model", "Provider"]
