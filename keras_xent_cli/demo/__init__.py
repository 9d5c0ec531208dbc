"""`keras-xent demo`: trains one network in three ways, to show the difference."""
