"""`keras-xent demo`: one network trained three ways, so that the difference can be seen."""
