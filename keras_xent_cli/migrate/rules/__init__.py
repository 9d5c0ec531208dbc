"""One file for each rule, named by its code. `registry` finds every file here."""
