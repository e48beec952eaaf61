"""What data, models, callbacks and commands agree on; imports nothing else of this project.

Here: the plain values that pass between them (`TextSpec`, `TextBatch`), the two errors that users can fix, printing,
the seed of the run, class discovery, building objects from factories, rebuilding them from their recorded constructor
arguments, and where a pretrained model is found and how long its inputs may be.
Not here: anything that reads rows, computes with tensors, or is needed by one package only.
To add one: write a module that two or more packages need and that imports no other package of this project.
"""
