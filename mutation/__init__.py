"""Mutation testing: README.md."""
