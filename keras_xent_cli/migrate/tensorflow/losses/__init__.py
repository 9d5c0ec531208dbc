"""One file for every loss: the functions that TF1 has for it, and what they become.

``functions`` finds them by their being there.
"""
