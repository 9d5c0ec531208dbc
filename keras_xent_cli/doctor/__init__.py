"""`keras-xent doctor`: what is installed, which backend serves, and whether it computes right."""
