"""Abstract bases of augmentations that change words: segments in and out, by characters, by a table, by synonyms.

Belongs here: what several implementations inherit and no config can name.
Not here: the implementations (the folder above); what knows no augmentation (`primitives/`).
To add one: a module with an abstract subclass of `Augmentation`, once two implementations share it.
"""
