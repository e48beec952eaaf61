"""Which texts are augmented and when: added copies, on the fly, test-time variants, and the options for all three.

Not here: how one text is changed (`augmentations/`).
To add one: a module for another point at which texts are augmented; `augmenter.py` calls it.
"""
