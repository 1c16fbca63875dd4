"""Runs a command in a terminal of its own, and types a secret into it when it asks with the line "ccag-login".

The secret comes in CCAG_SECRET. It is not part of any command line, on this machine or in AWS's records, and the far
side turns the terminal's echo off before it asks.
"""

import fcntl
import os
import pty
import select
import signal
import sys
import termios
import tty

ASKED = b"ccag-login"


def copy_size(terminal: int) -> None:
    """Gives the terminal the size of the one this runs in."""
    if sys.stdin.isatty():
        size = fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)


def relay(terminal: int, secret: bytes) -> None:
    """Copies both ways until the command ends; the secret goes in once, and what asked for it is not shown."""
    seen, typed, inputs = b"", False, [terminal, sys.stdin.fileno()]
    while True:
        ready, _, _ = select.select(inputs, [], [])
        if terminal in ready:
            try:
                output = os.read(terminal, 65536)
            except OSError:
                output = b""
            if not output:
                os.write(sys.stdout.fileno(), seen)
                return
            if not typed:
                seen += output
                before, asked, after = seen.partition(ASKED)
                if not asked:
                    # Whole lines are shown at once; the last one may be the beginning of the question.
                    shown, _, seen = seen.rpartition(b"\n")
                    output = shown + b"\n" if shown else b""
                else:
                    os.write(terminal, secret + b"\n")
                    typed, output, seen = True, before + after.lstrip(b"\r\n"), b""
            os.write(sys.stdout.fileno(), output)
        if sys.stdin.fileno() in ready:
            typed_here = os.read(sys.stdin.fileno(), 65536)
            if typed_here:
                os.write(terminal, typed_here)
            else:
                inputs.remove(sys.stdin.fileno())


def main() -> int:
    secret = os.environ.pop("CCAG_SECRET").encode()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    copy_size(terminal)
    signal.signal(signal.SIGWINCH, lambda *_: copy_size(terminal))
    before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    try:
        if before is not None:
            tty.setraw(sys.stdin)
        relay(terminal, secret)
    finally:
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
