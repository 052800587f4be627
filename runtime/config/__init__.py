"""Configuration: composed by Hydra, validated by pydantic, its faults explained."""
