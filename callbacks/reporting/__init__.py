"""Reporting: tables in the terminal, files in the run folder, pages in TensorBoard.

To add one: write a file here with functions that format or write JSON-serializable values, such as parts of
`report.json`; `RunReport` calls them. Not here: measurements and hooks (the callbacks in the parent folder).
"""
