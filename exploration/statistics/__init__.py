"""Statistics of a corpus: classes, lengths, vocabulary, tokenizers, discriminative terms, writing scripts.

To add one: a file with one function from a `Corpus` to a dataclass of JSON-serializable values, a field of
`DataReport`, and a section in `rendering/html_statistics_sections.py`. Not here: data quality checks (`checks/`).
"""
