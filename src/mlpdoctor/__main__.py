"""``python -m mlpdoctor``."""

from mlpdoctor.cli import main

if __name__ == "__main__":
    main()
