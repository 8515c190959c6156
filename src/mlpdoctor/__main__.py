"""``python -m mlpdoctor`` and the command ``mlpdoctor``: Ctrl-C ends it with 130 from the first moment to the last.

Before and after a command runs there is nothing to clean up, so it ends at once; no import may come before that.
"""

INTERRUPTED = 130
try:
    import gc
    import os
    import signal
    import sys
    from types import FrameType
    from typing import NoReturn
except KeyboardInterrupt:
    raise SystemExit(INTERRUPTED) from None


FRAMEWORKS = frozenset({"tensorflow", "keras", "torch", "distributed"})
"""What may have threads and files of its own to see to."""


def start() -> NoReturn:
    """Run the command line.

    What modules make while they load stays: to search it for garbage would take a twentieth of a small run. A command
    that goes on to work has garbage collected from then on, see ``cli.commands.shared.loaded``.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else the process is to ignore it
        signal.signal(signal.SIGINT, _end)
    gc.disable()
    from mlpdoctor.cli.main import main

    try:
        main()
    except SystemExit as end:
        leave(end)


def _end(_: int, __: FrameType | None) -> NoReturn:
    os._exit(INTERRUPTED)


def leave(end: SystemExit) -> NoReturn:
    """End the process without taking it apart, module by module and object by object: a sixth of a small run.

    As the interpreter does it where there is more to say or to wait for: an error, a profiler or debugger that looks
    on, a thread or a framework with affairs of its own.
    """
    import atexit
    import threading

    observed = sys.gettrace() or sys.getprofile() or sys.flags.inspect or "cProfile" in sys.modules
    busy = any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate())
    if observed or busy or not FRAMEWORKS.isdisjoint(sys.modules) or not isinstance(end.code, int):
        raise end
    try:
        atexit._run_exitfuncs()  # noqa: SLF001  there is no other way to them
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):  # a stream that is closed or takes nothing
        raise end from None
    os._exit(end.code)


if __name__ == "__main__":
    start()
