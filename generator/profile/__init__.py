"""What a table holds: read from anywhere, looked at column by column, drawn as a page."""
