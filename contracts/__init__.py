"""Shared data types and functions of all packages; imports no other package of this project.

Here: the data structures that pass between them (`TextSpec`, `TextBatch`), the two errors that users can fix, printing,
the seed of the run, class discovery, building objects from factories, rebuilding them from their recorded constructor
arguments, and locating pretrained models and their maximum input length.
Not here: anything that reads rows, computes with tensors, or is needed by one package only.
To add one: write a module that two or more packages need and that imports no other package of this project.
"""
