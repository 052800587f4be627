"""python -m overture.generator: the overture command."""

from .cli import main

if __name__ == "__main__":
    main()
