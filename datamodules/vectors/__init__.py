"""Pretrained word vectors: read from a file, or trained by word2vec on the training texts; one initial vector per id.

Belongs here: readers of vector files, word2vec, and the initialization of a vocabulary's vectors.
Not here: the embedding table of a model (`lightning_modules/layers/embedding.py`).
To add one: a file format is a module with `read_…_rows` that fills a `VectorRows`; `files.py` calls it.
"""
