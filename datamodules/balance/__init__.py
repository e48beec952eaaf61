"""From class counts to how much or how often each class counts: class weights, label sets, quotas. Pure functions.

Here: arithmetic that losses, samplers and splits share. Not here: choosing rows (`samplers/`, `splits/`).
To add one: a module of functions from numpy arrays of counts or labels to numpy arrays.
"""
