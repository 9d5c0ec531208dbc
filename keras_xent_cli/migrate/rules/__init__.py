"""One file for every rule, named by its code. ``registry`` finds them by their being here."""
