"""Runs a WSGI application behind any server that speaks FastCGI.

    python3 worker.py module:application       descriptor 0 is a listening socket

    server --> records --> environ, wsgi.input --> application(environ, start_response)
    server <-- records <-- status, fields, blocks <-- an iterable

One process answers one request after the other, over any number of connections that stay open.
Each connection has one request at a time; whoever has several to ask opens several, and what has
come on all of them is answered before the next wait. The documents are PEP 3333 (WSGI) and
FastCGI 1.0. Not here: threads, HTTP, and starting again after a crash; the last two are the
business of the server in front.
"""
import contextlib
import fcntl
import functools
import importlib
import io
import os
import re
import select
import signal
import socket
import stat
import struct
import sys
import traceback

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6  # FastCGI 1.0, section 8
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
RESPONDER, KEEP_CONNECTION = 1, 1
COMPLETE, ONE_AT_A_TIME, UNKNOWN_ROLE = 0, 1, 3
HEADER = struct.Struct(">BBHHBx")  # version, type, request, lengths of content and padding
BEGINNING = struct.Struct(">HB5x")  # role, flags
VALUES = b"\x0f\x01FCGI_MPXS_CONNS0"  # each request has its connection to itself

RECEIVE = 65536  # octets read at once
RECORD = 65528  # octets of content in a record, a multiple of eight
NAMES = 1 << 20  # octets of names and values in a request
LAST = 0.1  # seconds in which an ending worker waits for what is on its way

STATUS = re.compile(r"[2-5]\d\d [\t -~\x80-\xff]*").fullmatch
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch  # RFC 9110, section 5.6.2
VALUE = re.compile(r"[\t -~\x80-\xff]*").fullmatch  # above all, no end of line
OURS = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "status", "te",
        "trailer", "trailers", "transfer-encoding", "upgrade"}  # from one server to the next only


class Left(Exception):
    """The other end of a connection is gone."""


class FileWrapper:
    """wsgi.file_wrapper: an open file in blocks of a good size."""

    def __init__(self, file, size=RECORD):
        self.read = functools.partial(file.read, max(size, RECORD))
        self.close = getattr(file, "close", lambda: None)

    def __iter__(self):
        return iter(self.read, b"")


# ANCHOR: always
ALWAYS = {
    "SCRIPT_NAME": "", "PATH_INFO": "", "QUERY_STRING": "", "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http", "wsgi.multithread": False, "wsgi.multiprocess": True,
    "wsgi.run_once": False, "wsgi.input_terminated": True, "wsgi.errors": sys.stderr,
    "wsgi.file_wrapper": FileWrapper,
}
# ANCHOR_END: always


class Connection:
    """A connection, and what has come of the request on it."""

    def __init__(self, peer):
        self.peer, self.front = peer, b""
        self.forget()

    def forget(self):
        """Is ready for the next request. What still comes of this one is dropped."""
        self.number, self.is_kept = None, True
        self.names, self.content = b"", []
        self.is_begun = self.is_whole = False

    # ANCHOR: receive
    def receive(self):
        """Reads once; False when nothing more will come."""
        data = self.peer.recv(RECEIVE)
        self.front += data
        return bool(data)

    def sort(self):
        """Sorts the records that are there, up to the end of a request; True if one has begun."""
        front, at = self.front, 0
        while not self.is_whole and len(front) - at >= HEADER.size:
            version, kind, number, length, padding = HEADER.unpack_from(front, at)
            start, end = at + HEADER.size, at + HEADER.size + length
            if version != 1:
                raise Left
            if len(front) < end + padding:
                break
            content, at = front[start:end], end + padding
            if number != self.number:
                self.other(kind, number, content)
            elif kind == STDIN and content:
                self.content.append(content)
            elif kind == STDIN:
                self.is_whole = True
            elif kind == PARAMS and content:
                self.names += content
                if len(self.names) > NAMES:
                    raise Left
            elif kind == PARAMS:
                self.is_begun = True
            elif kind == ABORT:
                raise Left
        self.front = front[at:]
        return self.is_begun
    # ANCHOR_END: receive

    def other(self, kind, number, content):
        """Deals with a record that belongs to no request under way."""
        if kind == BEGIN:
            role, flags = BEGINNING.unpack(content)
            if self.number is not None:
                self.send(ending(number, ONE_AT_A_TIME))
            elif role != RESPONDER:
                self.send(ending(number, UNKNOWN_ROLE))
            else:
                self.number, self.is_kept = number, bool(flags & KEEP_CONNECTION)
        elif number == 0 and kind == GET_VALUES:
            self.send(record(GET_VALUES_RESULT, 0, VALUES))
        elif number == 0:
            self.send(record(UNKNOWN_TYPE, 0, bytes([kind, 0, 0, 0, 0, 0, 0, 0])))

    # ANCHOR: environ
    def environ(self):
        """The variables of RFC 3875, as strings of latin-1, and those of PEP 3333."""
        environ = ALWAYS.copy()
        decode(self.names, environ)
        if environ.get("HTTPS", "").lower() in ("on", "1"):
            environ["wsgi.url_scheme"] = "https"
        # Most requests are small and have arrived; the others are read while the application runs.
        environ["wsgi.input"] = (io.BytesIO(b"".join(self.content)) if self.is_whole
                                 else io.BufferedReader(Content(self), RECEIVE))
        return environ
    # ANCHOR_END: environ

    def send(self, records):
        """Transmits, and waits until the server has room."""
        try:
            self.peer.sendall(records)
        except OSError as error:
            raise Left from error

    def shut(self, how):
        """Ends the output, or everything. The worker forgets a connection when its input ends."""
        with contextlib.suppress(OSError):  # The server was faster.
            self.peer.shutdown(how)


class Content(io.RawIOBase):
    """The content of a request, as a file, while it comes."""

    def __init__(self, connection):
        self.connection = connection

    def readable(self):
        return True

    # ANCHOR: readinto
    def readinto(self, buffer):
        connection = self.connection
        while not connection.content and not connection.is_whole:
            try:
                is_there = connection.receive() and connection.sort()
            except Left:
                is_there = False
            if not is_there:
                raise OSError("the client left before it had sent all of its request")
        piece = connection.content.pop(0) if connection.content else b""
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        if count < len(piece):
            connection.content.insert(0, piece[count:])
        return count
    # ANCHOR_END: readinto


class Response:
    """What the application answers, from start_response to the last block."""

    head = None
    left = None  # octets still missing of a Content-Length
    is_silent = False  # no content may follow (RFC 9110, section 6.4.1)
    is_begun = is_ended = False

    def __init__(self, connection, method):
        self.connection, self.method = connection, method

    # ANCHOR: start
    def start(self, status, fields, exc_info=None):
        """start_response: notes the head, which goes out with the first octet of content."""
        if exc_info:
            try:
                if self.is_begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # it refers to the frame that refers to it
        elif self.head is not None:
            raise RuntimeError("start_response was called twice, and no error was given")
        lines, self.left = [status_line(status)], None
        for name, value in fields:
            lines.append(field(name, value))
            if name.lower() == "content-length":
                self.left = int(value)
        self.head = b"".join(lines)
        self.is_silent = self.method == "HEAD" or status[:3] in ("204", "304")
        return self.write
    # ANCHOR_END: start

    # ANCHOR: write
    def write(self, block):
        """Transmits a block now: PEP 3333 lets nobody hold it back."""
        if not isinstance(block, bytes):
            raise TypeError(f"a block of content is bytes, and this is {type(block).__name__}")
        if self.head is None:
            raise RuntimeError("the application answered before it called start_response")
        if self.is_silent or not block:
            return
        if self.left is not None:
            if len(block) > self.left:
                raise ValueError("there is more content than its Content-Length")
            self.left -= len(block)
        # The last octet completes the response, whatever the iterable still does.
        self.send(block, is_last=self.left == 0)

    def whole(self, content):
        """Transmits all the content there is, of which the length is now known."""
        if self.head is not None and self.left is None and not self.is_silent:
            self.head += b"Content-Length: %d\r\n" % len(content)
            self.left = len(content)
        self.write(content)

    def end(self):
        """Completes the response: the iterable has nothing more."""
        if self.head is None:
            raise RuntimeError("the application never called start_response")
        if self.left and not self.is_silent:
            raise ValueError(f"the content is {self.left} octets short of its Content-Length")
        if not self.is_ended:
            self.send(b"", is_last=True)
    # ANCHOR_END: write

    # ANCHOR: fail
    def fail(self):
        """Answers for an application that raised an error: with 500, or by breaking off."""
        if self.is_begun and not self.is_ended:
            # An END would make half a page look whole.
            self.connection.shut(socket.SHUT_RDWR)
        elif not self.is_ended:
            self.head = self.left = None
            self.start("500 Internal Server Error", [("Content-Type", "text/plain")])
            with contextlib.suppress(Left):
                self.whole(b"The application failed. Its log says why.\n")
                self.end()
    # ANCHOR_END: fail

    # ANCHOR: send
    def send(self, block, is_last):
        """Transmits records, the head before the first block, the end behind the last."""
        connection = self.connection
        if not self.is_begun:
            self.is_begun = True
            block = b"%b\r\n%b" % (self.head, block)
        while len(block) > RECORD:
            connection.send(record(STDOUT, connection.number, block[:RECORD]))
            block = block[RECORD:]
        records = record(STDOUT, connection.number, block) if block else b""
        if is_last:
            self.is_ended = True
            records += record(STDOUT, connection.number) + ending(connection.number, COMPLETE)
        connection.send(records)
    # ANCHOR_END: send


class Worker:
    """The loop: wait, and answer what has come on each connection."""

    def __init__(self, application, listener):
        self.application, self.listener = application, listener
        self.connections, self.poll = {}, select.epoll()
        self.is_ending = False

    # ANCHOR: run
    def run(self):
        """Serves until SIGTERM; what has arrived by then is still answered."""
        woken, wake = socket.socketpair()
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGTERM, lambda *_: None)
        self.listener.setblocking(False)  # another process may take the connection first
        self.poll.register(self.listener, select.EPOLLIN)
        self.poll.register(woken, select.EPOLLIN)
        while True:
            events = self.poll.poll(LAST if self.is_ending else None)
            if self.is_ending and not events:
                return
            for fd, _ in events:
                if fd in self.connections:
                    self.serve(self.connections[fd])
                elif fd == self.listener.fileno():
                    self.accept()
                elif signal.SIGTERM in woken.recv(RECEIVE) and not self.is_ending:
                    self.is_ending = True
                    self.poll.unregister(self.listener)
    # ANCHOR_END: run

    def accept(self):
        with contextlib.suppress(OSError):
            peer, _ = self.listener.accept()
            peer.setblocking(True)
            self.connections[peer.fileno()] = Connection(peer)
            self.poll.register(peer, select.EPOLLIN)

    def serve(self, connection):
        """Answers what has come on a connection, and closes it when nothing more will come."""
        try:
            is_open = connection.receive()
            while connection.sort():
                self.answer(connection)
                if self.is_ending or not connection.is_kept:
                    connection.shut(socket.SHUT_WR)
                connection.forget()
        except (Left, OSError, struct.error):
            is_open = False
        if not is_open:
            del self.connections[connection.peer.fileno()]
            connection.peer.close()

    # ANCHOR: answer
    def answer(self, connection):
        """Calls the application, and transmits what it answers (PEP 3333)."""
        environ = connection.environ()
        response = Response(connection, environ.get("REQUEST_METHOD"))
        try:
            blocks = self.application(environ, response.start)
            try:
                if isinstance(blocks, (list, tuple)):
                    response.whole(b"".join(blocks))
                else:
                    for block in blocks:
                        response.write(block)
                response.end()
            finally:
                if hasattr(blocks, "close"):
                    blocks.close()
        except Left:
            connection.shut(socket.SHUT_RDWR)
        except Exception:
            traceback.print_exc()
            response.fail()
    # ANCHOR_END: answer


def record(kind, number, content=b""):
    """One record: eight octets of header, and content of at most 65,535."""
    return HEADER.pack(1, kind, number, len(content), 0) + content


@functools.lru_cache
def ending(number, status):
    """The record that ends a request."""
    return record(END, number, bytes([0, 0, 0, 0, status, 0, 0, 0]))


# ANCHOR: pairs
def decode(octets, found):
    """Decodes names and values, before which stand their lengths: in one octet, or in four."""
    text, at, end = octets.decode("latin-1"), 0, len(octets)
    while at < end:
        name, value, at = octets[at], octets[at + 1], at + 2
        if name | value > 127:
            name, at = length(octets, at - 2)
            value, at = length(octets, at)
        middle, after = at + name, at + name + value
        found[text[at:middle]] = text[middle:after]
        at = after


def length(octets, at):
    """A length, and where it ends. The highest bit says that there are four octets."""
    if octets[at] < 128:
        return octets[at], at + 1
    return int.from_bytes(octets[at:at + 4], "big") & 0x7fffffff, at + 4
# ANCHOR_END: pairs


@functools.lru_cache
def status_line(status):
    """The line that tells the status, checked."""
    if not STATUS(status):
        raise ValueError(f"{status!r} is no status; '404 Not Found' is one")
    return f"Status: {status}\r\n".encode("latin-1")


@functools.lru_cache(1024)
def field(name, value):
    """A field line, checked: it ends where it should, and is the application's to send."""
    if not NAME(name) or name.lower() in OURS:
        raise ValueError(f"{name!r} is no field that an application may send")
    if not VALUE(value):
        raise ValueError(f"{value!r} is no value of a field, such as {name}")
    return f"{name}: {value}\r\n".encode("latin-1")


# ANCHOR: load
def load(target):
    """Finds the application: `shop:app`, or `shop` for `shop:application`."""
    module, _, name = target.partition(":")
    sys.path[0] = os.getcwd()
    try:
        found = functools.reduce(getattr, (name or "application").split("."),
                                 importlib.import_module(module))
        if not callable(found):
            raise TypeError(f"{target} is not callable")
        return found
    except Exception:
        sys.exit(f"{traceback.format_exc()}worker: the application {target} could not be loaded; "
                 f"its module was looked for in {os.getcwd()}")
# ANCHOR_END: load


def end_with(reader):
    """Ends this process with the one that reads its descriptor 1, should that be a pipe.

    A supervisor that is killed cannot end its workers; but the kernel closes its end.
    """
    is_alone = select.poll()
    is_alone.register(reader, 0)
    signal.signal(signal.SIGIO, lambda *_: is_alone.poll(0) and os._exit(0))
    fcntl.fcntl(reader, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)


# ANCHOR: main
def main():
    if len(sys.argv) != 2 or not stat.S_ISSOCK(os.fstat(0).st_mode):
        sys.exit("worker: needs module:application, and a listening socket as descriptor 0")
    listener, output = socket.socket(fileno=os.dup(0)), os.dup(1)
    # Printing leads to the log and reading to nothing, whoever in this process does it.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    is_supervised = stat.S_ISFIFO(os.fstat(output).st_mode)
    if is_supervised:
        end_with(output)
    try:
        application = load(sys.argv[1])
    except SystemExit as failure:
        os.write(output if is_supervised else 2, f"{failure}\n".encode())
        sys.exit(1)
    if is_supervised:
        os.write(output, b"ready\n")
    Worker(application, listener).run()
# ANCHOR_END: main


if __name__ == "__main__":
    main()
