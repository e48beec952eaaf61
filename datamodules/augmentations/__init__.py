"""Augmentations: training texts said a little differently, with the label they had.

To add one: write a file here with a final `Augmentation`; name it as `--data.augmentations`; nothing else.
Not here: which texts are changed and when (`augmentation_plan.py`); variants of texts to predict (`variants.py`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
