"""What a run tells a person: a page to look at, and a card that travels with the model."""
