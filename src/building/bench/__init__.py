"""The benchmarks: our gateway beside others, on the same machine and in the same minutes.

`building.bench` is a program of its own, which `build.py bench` starts. It measures on two cores:
the server under test alone on one, the mock upstream and the load generator on the other.
"""
