"""The serving targets, one file each: which files a target adds to a project."""
