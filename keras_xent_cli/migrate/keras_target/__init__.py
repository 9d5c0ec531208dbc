"""When a call can become a loss object (`--to keras`)."""
