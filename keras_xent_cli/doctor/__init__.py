"""`keras-xent doctor`: what is installed, which backend runs, and whether it computes correctly."""
