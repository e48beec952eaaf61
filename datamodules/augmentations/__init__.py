"""Augmentations: each changes training texts and keeps their labels. One file for each class that a config can name.

To add one: write a file here with a concrete subclass of `Augmentation`, and name it as `--data.augmentations`.
Not here: abstract bases (`word_level/`), what they are built from (`primitives/`), which texts are augmented and when
(`augmenting/`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
