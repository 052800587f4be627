"""What a run tells of its model: which columns matter and how, where it errs most, and on whom."""
