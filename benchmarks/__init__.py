"""Speed, as ratios measured in one process on one machine; never part of the test run.

To add one: a script here that says what is compared, with which command, and how to read its table.
Not here: how well models classify (`configs/experiment/`).
"""
