"""What augmentations are built from: random streams, segments of texts, word lists, and readers of WordNet and models.

Belongs here: code that knows texts and words but no augmentation.
Not here: abstract bases of augmentations that change words (`word_level/`); the augmentations (the folder above).
To add one: a module that imports nothing of `augmentations/` but this folder.
"""
