#!/usr/bin/env python3
"""Signs the real Claude Code client in to a gateway by its own /login, as a person at a terminal and a browser would.

    login.py CLIENT GATEWAY_URL PASSWORD HOME PROJECT

The client runs on a pseudo-terminal, and what it asks is answered by the keys that a person would press. The code that it
shows is confirmed on the gateway's page by the admin. Ends with 0 once the client says that it is connected.
"""

import http.cookiejar
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import urllib.parse
import urllib.request
from fcntl import ioctl

client, gateway, password, home, project = sys.argv[1:]
PATIENCE = 120
ENTER, UP = "\r", "\x1b[A\r"

# What the client shows in turn, and the keys that answer it. Where the default is to go back, the answer is above it.
STEPS = [
    ("Choose the text style", ENTER),
    ("Enter to connect", ENTER),
    ("Yes, trust this gateway", UP),
    (r"Code: ?([A-Z]{4}-[A-Z]{4})", None),
    ("admin@example.com", UP),
    ("Connected to Cloud gateway", ENTER),
]

browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def post(path, fields):
    body = urllib.parse.urlencode(fields).encode()
    return browser.open(gateway + path, body, timeout=30).read().decode()


def confirm(code):
    """Confirms a code on the gateway's page."""
    post("/portal/sign-in", {"username": "admin", "password": password, "next": "/portal/overview"})
    page = browser.open(f"{gateway}/device?user_code={code}", timeout=30).read().decode()
    token = re.search(r'action="/device".*?name="token" value="([^"]+)"', page, re.S)
    if not token or code not in page or "Claude Code" not in page:
        sys.exit(f"The page does not ask about the code {code}:\n{page}")
    done = post("/device", {"token": token[1], "user_code": code, "decision": "approve"})
    if "is signed in" not in done:
        sys.exit(f"The code was not taken:\n{done}")


def plain(text):
    """What a terminal shows, without colours and places, as one line."""
    text = re.sub(r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)", "", text)
    text = re.sub(r"\x1b\[[0-9;?]*[CG]", " ", text)
    text = re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b.", "", text)
    return re.sub(r"\s+", " ", text)


class Terminal:
    """The client on a terminal."""

    def __init__(self):
        self.child, self.file = pty.fork()
        if self.child == 0:
            os.chdir(project)
            os.execvpe(client, [client], {
                "PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", "TERM": "xterm-256color",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            })
        ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.raw = ""

    def wait_for(self, pattern):
        """Waits until the screen shows a pattern."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.search(pattern, plain(self.raw))
            if found:
                return found
            if select.select([self.file], [], [], 1)[0]:
                try:
                    self.raw += os.read(self.file, 65536).decode(errors="replace")
                except OSError:
                    break
        sys.exit(f"The client does not show {pattern!r}, but: {plain(self.raw)[-2000:]}")

    def type(self, keys):
        """Presses keys, one after another; what was shown before counts no more."""
        self.raw = ""
        for key in re.findall(r"\x1b\[.|.|\r", keys):
            os.write(self.file, key.encode())
            time.sleep(0.2)

    def end(self):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)


terminal = Terminal()
try:
    for pattern, keys in STEPS:
        found = terminal.wait_for(pattern)
        if keys is None:
            terminal.raw = ""
            confirm(found[1])
        else:
            terminal.type(keys)
    print("connected")
finally:
    terminal.end()
