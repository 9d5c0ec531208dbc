"""The magnitudes of the terms that are summed in a loss and its gradients.

They are computed from the inputs in float64, with the plain formulas. They share no code with the
losses that they are used to test.
"""
