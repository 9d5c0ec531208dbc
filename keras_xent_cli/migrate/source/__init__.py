"""Python source: names, scopes, constants, imports and edits."""
