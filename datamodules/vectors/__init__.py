"""Word vectors made before training: read from a file, or learned by word2vec from the training texts.

Here: files of every usual kind, and how a vocabulary gets its starting vectors. Not here: the table that a model
looks them up in (`lightning_modules/layers/embedding.py`).
"""
