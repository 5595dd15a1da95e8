"""`python -m spec_ls`."""

from spec_ls.cli import main

if __name__ == "__main__":
    main()
