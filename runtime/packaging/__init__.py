"""What leaves the project for another machine: a Bento with the model, overture's wheel and every package pinned."""
