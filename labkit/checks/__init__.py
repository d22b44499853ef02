"""What an exercise can check: one function each, found by name through `registry`."""
