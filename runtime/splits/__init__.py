"""The ways of splitting rows, one file each."""
