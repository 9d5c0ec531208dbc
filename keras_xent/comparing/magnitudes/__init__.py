"""How large the terms are that a loss and its gradients are summed from.

Computed from the inputs in float64, by the plain formulas; none of it is what it is there to test.
"""
