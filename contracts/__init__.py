"""What data, models, callbacks and commands agree on; imports nothing else of this project.

Here: the plain values that pass between them (`TextSpec`, `TextBatch`), the two kinds of user error, the run's seed,
class discovery, rebuilding an object from its recorded constructor arguments, and where a pretrained model is read
from, which tokenizer and encoder must agree on.
Not here: anything that reads rows, computes with tensors, or only one package needs.
To add one: a module that two or more packages need and that imports no package of this project.
"""
