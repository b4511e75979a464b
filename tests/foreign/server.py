"""A server of step 2 in Python, standard library only: proof that the grader asks no language.

usage: python3 server.py PORT
       python3 server.py PORT echo

`GET /` is a page, `POST /echo` sends back what it gets, everything else is 404; with `echo` it is
step 1's server and sends back whatever comes. A thread for each connection.
"""

import re
import socket
import socketserver
import sys
from email.utils import formatdate

HEAD_OCTETS = 32 * 1024
LINE_OCTETS = 8 * 1024
LINGER_SECONDS = 2

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VERSION = re.compile(rb"HTTP/1\.[01]")
SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(;.*)?")
ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Refused(Exception):
    """A request that is answered with this status, and nothing after it."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """The guest has ended."""


class Guest(socketserver.BaseRequestHandler):
    def setup(self):
        self.come = b""

    def handle(self):
        try:
            while self.one_request():
                pass
        except Refused as refused:
            self.answer(refused.status, b"no", last=True)
        except (Gone, OSError):
            return
        self.leave()

    def one_request(self):
        head = self.head()
        if head is None:
            return False
        method, target, version, fields = head
        length = framing(fields)
        old = version == b"HTTP/1.0"
        if fields.get(b"expect") == [b"100-continue"] and not old:
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        content = self.chunks() if length is None else self.take(length)
        last = old or fields.get(b"connection") == [b"close"]
        path = target.split(b"?")[0]
        if method in (b"GET", b"HEAD") and path == b"/":
            self.answer(200, b"<!doctype html><title>front</title>", last, method)
        elif method == b"POST" and path == b"/echo":
            self.answer(200, content, last, method)
        else:
            self.answer(404, b"<!doctype html><title>nothing</title>", last, method)
        return not last

    def hear(self):
        piece = self.request.recv(65536)
        if not piece:
            raise Gone
        self.come += piece

    def take(self, count):
        pieces, missing = [], count
        while missing > len(self.come):
            pieces.append(self.come)
            missing -= len(self.come)
            self.come = b""
            self.hear()
        pieces.append(self.come[:missing])
        self.come = self.come[missing:]
        return b"".join(pieces)

    def take_until(self, end, limit):
        """Takes what comes up to `end`; raises 431 where that is too far away."""
        while end not in self.come:
            if len(self.come) > limit:
                raise Refused(431)
            self.hear()
        text, self.come = self.come.split(end, 1)
        return text

    def head(self):
        try:
            if not self.come:
                self.hear()
            while b"\r\n" not in self.come and len(self.come) <= LINE_OCTETS:
                self.hear()
        except Gone:
            return None
        if b"\r\n" not in self.come[: LINE_OCTETS + 2]:
            raise Refused(414)
        return parsed(self.take_until(b"\r\n\r\n", HEAD_OCTETS))

    def chunks(self):
        content = b""
        while True:
            size = SIZE.fullmatch(self.take_until(b"\r\n", LINE_OCTETS))
            if not size or len(size[1]) > 16:
                raise Refused(400)
            count = int(size[1], 16)
            if count == 0:
                break
            content += self.take(count)
            if self.take(2) != b"\r\n":
                raise Refused(400)
        while self.take_until(b"\r\n", LINE_OCTETS):
            pass
        return content

    def answer(self, status, content, last=False, method=b"GET"):
        head = f"HTTP/1.1 {status} so\r\nDate: {formatdate(usegmt=True)}\r\n"
        head += f"Content-Length: {len(content)}\r\n"
        head += "Connection: close\r\n\r\n" if last else "\r\n"
        content = b"" if method == b"HEAD" else content
        self.request.sendall(head.encode() + content)

    def leave(self):
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(LINGER_SECONDS)
        try:
            while self.request.recv(65536):
                pass
        except OSError:
            # Out of patience, or the guest has broken off: nothing is left to say either way.
            pass


def parsed(head):
    lines = head.split(b"\r\n")
    words = lines[0].split(b" ")
    if len(words) != 3 or not TOKEN.fullmatch(words[0]) or not VERSION.fullmatch(words[2]):
        raise Refused(400)
    if ESCAPE.search(words[1]) or re.search(rb"[\r\n\0]", b"".join(lines)):
        raise Refused(400)
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name):
            raise Refused(400)
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    hosts = fields.get(b"host", [])
    if len(hosts) > 1 or (not hosts and words[2] == b"HTTP/1.1") or any(b" " in h for h in hosts):
        raise Refused(400)
    return (*words, fields)


def framing(fields):
    """The octets of the content; None where chunks say it."""
    lengths = fields.get(b"content-length", [])
    codings = fields.get(b"transfer-encoding", [])
    if codings == [b"chunked"] and not lengths:
        return None
    if codings or len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]+", l) for l in lengths):
        raise Refused(400)
    return int(lengths[0]) if lengths else 0


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while piece := self.request.recv(65536):
                self.request.sendall(piece)
        except OSError:
            # One guest is gone; the others are not.
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    each = Echo if sys.argv[2:] == ["echo"] else Guest
    with Server(("127.0.0.1", int(sys.argv[1])), each) as server:
        server.serve_forever()
