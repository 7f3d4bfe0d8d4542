"""Benchmarks: the product beside peers and limits measured in the same run. Started with `python -m bench`."""
