"""The bundle's entry: the command line, or the module that the program asks itself for."""

import os
import runpy
import sys
from multiprocessing import freeze_support


def leave_libraries_to_us() -> None:
    """Take the bundle's folder of libraries from what children inherit.

    The loader of this process has read it by now, and a bundle that is started sets it again;
    somebody else's program (a browser, systemd-inhibit) would load ours in place of its own.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before:
        os.environ["LD_LIBRARY_PATH"] = before


if __name__ == "__main__":
    freeze_support()  # first of all: a child of a process pool goes no further than this
    leave_libraries_to_us()
    from acquire.own_program import ordered

    if (order := ordered(sys.argv)) is None:
        from acquire.cli.main import main

        main()
    else:
        module, arguments = order
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
