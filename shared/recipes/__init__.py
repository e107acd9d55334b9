"""Ready plans for the frequent questions: a YAML file each, filled with the models.

A new recipe is a file here: its first line is the question, what follows says how to
read the result. `fill` puts models, and a file of prompts, in their places.

May import: the machinery.
"""

from shared.recipes.fill import NAMES, filled, question_of, reading_of, record_of

__all__ = ["NAMES", "filled", "question_of", "reading_of", "record_of"]
