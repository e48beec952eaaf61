"""Data quality checks of a corpus: duplicates, near-duplicates, extreme texts, encoding errors, suspected label errors.

To add one: a file with one function from a `Corpus` to a dataclass of counts and examples, a field of `DataReport`,
a summary in `rendering/check_summaries.py` and a section in `rendering/html_check_sections.py`.
"""
