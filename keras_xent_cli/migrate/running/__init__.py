"""Files, notebooks, processes and reports."""
