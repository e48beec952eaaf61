"""Implementation of the scripts: their options, checks, error messages and commands.

A command is a function or class that takes the arguments of its script; `script.run_script` converts its errors
into a message and an exit code. To add one: a file here, and a script in the repository root that calls it.
Not here: data loading (`datamodules/`), models (`lightning_modules/`), logging and reports (`callbacks/`).
"""
