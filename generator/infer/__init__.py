"""What a table of data seems to be: task, types, ranges, categories, and what deserves a human eye."""
