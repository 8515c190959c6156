"""``python -m mlpdoctor`` and the command ``mlpdoctor``: Ctrl-C ends it with 130 from the first moment to the last.

Before and after a command runs there is nothing to clean up, so it ends at once; no import may come before that.
"""

INTERRUPTED = 130
try:
    import os
    import signal
    from types import FrameType
    from typing import NoReturn
except KeyboardInterrupt:
    raise SystemExit(INTERRUPTED) from None


def start() -> NoReturn:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else the process is to ignore it
        signal.signal(signal.SIGINT, _end)
    from mlpdoctor.cli.main import main

    main()


def _end(_: int, __: FrameType | None) -> NoReturn:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    start()
