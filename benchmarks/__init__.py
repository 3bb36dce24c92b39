"""How fast the server is, beside what: every figure is a ratio within one run, since machines are shared and noisy.

``python -m benchmarks`` runs all, ``python -m benchmarks requests serialize`` some.
"""
