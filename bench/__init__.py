"""Benchmarks: how fast the product is beside peers and limits measured in the same run. Started by `python -m bench`."""
