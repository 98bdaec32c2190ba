"""`python -m rendermap` is the command line."""

from rendermap.cli import main

if __name__ == "__main__":
    main()
