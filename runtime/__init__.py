"""What a generated project may import, and nothing else; every name is loaded when it is first used."""
