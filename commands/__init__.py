"""The commands behind the scripts: options, their checks and messages, and what each command does.

A command is a function or class that takes the arguments of its script; `script.run_script` turns its errors into a
message and an exit code. To add one: a file here, and a script at the top that calls it.
Not here: what data are (`datamodules/`), what is trained (`lightning_modules/`), what watches a run (`callbacks/`).
"""
