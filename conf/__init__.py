"""The packaged configuration groups that projects compose with."""
