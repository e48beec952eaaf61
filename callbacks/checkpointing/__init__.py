"""Checkpoints of a run: which are written, when, under which names, and what happens on an interrupt.

To add a rule of saving: extend `BestCheckpoint` or `LastCheckpoint`. Not here: reading checkpoints
(`lightning_modules/checkpoints.py`) and resuming (`callbacks/exact_resume.py`).
"""
