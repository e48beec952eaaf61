"""Reporting: tables in the terminal, files in the run folder, pages in TensorBoard.

To add one: write a file here with functions that take plain values, such as parts of `report.json`, and format or write
them; `RunReport` calls them. Not here: anything that measures or hooks into training (the callbacks one folder up).
"""
