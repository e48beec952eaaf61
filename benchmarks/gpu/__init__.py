"""What a GPU must show, by one command: equal results, training in each precision without waits, and speed.

Part a (`equality.py`), part b (`experiments.py`), part c (`throughput.py`, compared with `transformers.Trainer` in
`peer.py`). To add a measurement: a function that returns plain values, and a `Cell` for it in the `list_cells` of its
part, with a priority and an estimate of its seconds.
"""
