"""Benchmarks: speed as ratios measured in one process on one machine; never part of the test run.

To add one: a script here whose docstring names what is compared, the command, and how to read its table.
Not here: classification quality (`configs/experiment/`).
"""
