"""`python -m acquire` is `unisono`: how this program starts itself, whatever is on the PATH."""

from acquire.cli.main import main

if __name__ == "__main__":
    main()
