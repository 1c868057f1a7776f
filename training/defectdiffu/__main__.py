"""`python -m defectdiffu`: the command line where the package is on the path but not installed."""

from .cli import app

if __name__ == "__main__":
    app()
