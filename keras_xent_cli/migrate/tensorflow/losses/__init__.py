"""One file for each loss: TF1's functions for it, and what they become.

`functions` finds every file here.
"""
