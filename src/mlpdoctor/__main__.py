"""``python -m mlpdoctor``."""

from mlpdoctor.cli.main import main

if __name__ == "__main__":
    main()
