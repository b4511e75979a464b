"""Runs a WSGI application behind any server that speaks FastCGI.

    python3 worker.py module:application       descriptor 0 is a listening socket

    server --> records --> environ, wsgi.input --> application(environ, start_response)
    server <-- records <-- status, fields, blocks <-- an iterable

One process answers one request after the other. Any number may wait on a connection, told apart
by their numbers; what one read has brought is answered with one write, as far as PEP 3333 allows
it. The documents are that (WSGI) and FastCGI 1.0. Not here: threads, HTTP, and starting again
after a crash; the last two are the business of the server in front.
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
import time
import traceback

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6  # FastCGI 1.0, section 8
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
RESPONDER, KEEP_CONNECTION = 1, 1
COMPLETE, OVERLOADED, UNKNOWN_ROLE = 0, 2, 3
HEADER = struct.Struct(">BBHHBx")  # version, type, request, lengths of content and padding
BEGINNING = struct.Struct(">HB5x")  # role, flags
VALUES = b"\x0f\x01FCGI_MPXS_CONNS1"  # several requests at once, on any connection

RECEIVE = 65536  # octets read at once
RECORD = 65528  # octets of content in a record, a multiple of eight
NAMES = 1 << 20  # octets of names and values in a request
CONTENT = 1 << 20  # octets of content on a connection that wait to be read
REQUESTS = 64  # at once on a connection
HELD = 65536  # octets of answers, and
HELD_SECONDS = 0.001  # the time, after which no further answer is waited for
LAST = 0.1  # seconds in which an ending worker waits for what is on its way

STATUS = re.compile(r"[2-5]\d\d [\t -~\x80-\xff]*").fullmatch
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch  # RFC 9110, section 5.6.2
VALUE = re.compile(r"[\t -~\x80-\xff]*").fullmatch  # above all, no end of line
OURS = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "status", "te",
        "trailer", "trailers", "transfer-encoding", "upgrade"}  # from one server to the next only


class Left(OSError):
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
    """A connection, the requests under way on it, and what is to be said."""

    is_open = is_kept = is_drained = True  # the last: all that had come was read
    is_broken = is_over = False  # an answer broke off; nothing more will be said
    front, due = b"", 0  # the beginning of a record; when held answers have to leave
    same, said = None, None  # octets that began the names of each request, and what they say

    def __init__(self, peer):
        self.peer = peer
        self.requests, self.ready = {}, []  # by number; in the order in which they are answered
        self.held, self.size = [], 0  # records to be sent, and octets of answers in them

    # ANCHOR: receive
    def receive(self):
        """Reads once, and sorts the records. Who talks nonsense is not listened to any more."""
        data = self.peer.recv(RECEIVE)
        self.due = time.monotonic() + HELD_SECONDS
        self.is_drained = len(data) < RECEIVE
        try:
            if not data:
                raise Left
            if not self.is_over:
                self.sort(self.front + data)
        except (Left, struct.error):
            self.is_open = False

    def sort(self, front):
        """Gives each record to the request of that number."""
        requests, unpack, at, there = self.requests, HEADER.unpack_from, 0, len(front)
        while there - at >= 8:
            version, kind, number, length, padding = unpack(front, at)
            start = at + 8
            end = start + length
            if version != 1:
                raise Left
            if end + padding > there:
                break
            at = end + padding
            request = requests.get(number)
            if request is None:
                self.other(kind, number, front[start:end])
            elif kind == PARAMS and length:
                request.names += front[start:end]
                if len(request.names) > NAMES:
                    raise Left
            elif kind == PARAMS and not request.is_ready:
                request.is_ready = True
                self.ready.append(request)
            elif kind == STDIN and length:
                request.content += front[start:end]
                if sum(len(each.content) for each in requests.values()) > CONTENT:
                    raise Left
            elif kind == STDIN:
                request.is_whole = True
            elif kind == ABORT:
                self.abort(request)
            elif kind == BEGIN:
                raise Left
        self.front = front[at:]
    # ANCHOR_END: receive

    def other(self, kind, number, content):
        """Deals with a record that belongs to no request under way."""
        if kind == BEGIN:
            role, flags = BEGINNING.unpack(content)
            if role == RESPONDER and len(self.requests) < REQUESTS:
                self.requests[number] = Request(self, number)
                self.is_kept = self.is_kept and flags & KEEP_CONNECTION
            else:
                why = OVERLOADED if role == RESPONDER else UNKNOWN_ROLE
                self.held.append(ending(number, why))
        elif number == 0 and kind == GET_VALUES:
            self.held.append(record(GET_VALUES_RESULT, 0, VALUES))
        elif number == 0:
            self.held.append(record(UNKNOWN_TYPE, 0, bytes([kind, 0, 0, 0, 0, 0, 0, 0])))

    # ANCHOR: names
    def names(self, octets):
        """What is always said, and what these octets say.

        What a server says of itself should stand first, for it is the same each time: with what has
        begun each request on this connection so far, we were through before.
        """
        if self.same is None or not octets.startswith(self.same):
            common, said = os.path.commonprefix([octets, self.same or octets]), ALWAYS.copy()
            self.same, self.said = octets[:decode(octets, 0, len(common), said)], said
        environ = self.said.copy()
        if decode(octets, len(self.same), len(octets), environ) != len(octets):
            raise ValueError("the names of a request are cut off")
        return environ
    # ANCHOR_END: names

    def abort(self, request):
        """Ends a request that waits; one that runs can no longer read (section 5.4)."""
        request.is_over = True
        if request in self.ready:
            self.ready.remove(request)
        elif request.is_ready:
            return
        del self.requests[request.number]
        self.held.append(ending(request.number, COMPLETE))

    def flush(self):
        """Transmits what is held, and waits until the server has room."""
        records, self.held, self.size = b"".join(self.held), [], 0
        if records:
            try:
                self.peer.sendall(records)
            except OSError as error:
                raise Left from error
            self.due = time.monotonic() + HELD_SECONDS

    def end(self):
        """Says that this was all. The worker forgets a connection when its input ends, too."""
        self.is_over = True
        with contextlib.suppress(OSError):  # The server was faster.
            self.peer.shutdown(socket.SHUT_WR)


class Request:
    """A request and its answer, from the first record to the last."""

    names = content = b""
    is_ready = is_whole = is_over = False  # has a head; has all its content; nobody waits for it
    head = None  # of the answer
    left = None  # octets still missing of a Content-Length
    is_head = is_silent = False  # no content may follow (RFC 9110, section 6.4.1)
    is_begun = is_ended = False  # the answer

    def __init__(self, connection, number):
        self.connection, self.number = connection, number

    # ANCHOR: environ
    def environ(self):
        """The variables of RFC 3875, as strings of latin-1, and those of PEP 3333."""
        environ = self.connection.names(self.names)
        if environ.get("HTTPS", "").lower() in ("on", "1"):
            environ["wsgi.url_scheme"] = "https"
        # Most requests are small and have arrived; the others are read while the application runs.
        environ["wsgi.input"] = (io.BytesIO(self.content) if self.is_whole
                                 else io.BufferedReader(Content(self), RECEIVE))
        self.is_head = environ.get("REQUEST_METHOD") == "HEAD"
        return environ
    # ANCHOR_END: environ

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
        head, self.left = status_line(status), None
        for name, value in fields:
            line, length = field(name, value)
            head += line
            if length is not None:
                self.left = length
        self.head = head
        self.is_silent = self.is_head or status[:3] in ("204", "304")
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
        if not self.is_begun:
            self.head = self.left = None
            self.start("500 Internal Server Error", [("Content-Type", "text/plain")])
            self.whole(b"The application failed. Its log says why.\n")
            self.end()
        elif not self.is_over:
            # An END would make half a page look whole. So the connection ends, behind the answers
            # to others on it.
            self.connection.is_broken = True
        elif not self.is_ended:
            self.send(b"", is_last=True)
    # ANCHOR_END: fail

    # ANCHOR: send
    def send(self, block, is_last):
        """Transmits a block, the head before the first; one that is last may wait for others."""
        connection, number, at = self.connection, self.number, 0
        if not self.is_begun:
            self.is_begun = True
            block = b"%b\r\n%b" % (self.head, block)
        while len(block) - at > RECORD:
            connection.held.append(record(STDOUT, number, block[at:at + RECORD]))
            connection.flush()
            at += RECORD
        records = record(STDOUT, number, block[at:]) if block else b""
        if is_last:
            self.is_ended = self.is_over = True
            del connection.requests[number]
            records += ending(number, COMPLETE)
        connection.held.append(records)
        connection.size += len(records)
        if not (is_last and connection.ready and connection.size < HELD
                and time.monotonic() < connection.due):
            connection.flush()
    # ANCHOR_END: send


class Content(io.RawIOBase):
    """The content of a request, as a file, while it comes."""

    def __init__(self, request):
        self.request = request

    def readable(self):
        return True

    # ANCHOR: readinto
    def readinto(self, buffer):
        request, connection = self.request, self.request.connection
        while not request.content and not request.is_whole:
            if request.is_over or not connection.is_open:
                raise OSError("the client left before it had sent all of its request")
            connection.flush()  # This may take a while.
            connection.receive()
        count = min(len(request.content), len(buffer))
        buffer[:count] = request.content[:count]
        request.content = request.content[count:]
        return count
    # ANCHOR_END: readinto


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
            connection.receive()
            while connection.ready:
                self.answer(connection.ready.pop(0))
            connection.flush()
            is_last = not connection.is_kept or self.is_ending and connection.is_drained
            if connection.is_broken or is_last and not connection.requests:
                connection.end()
        except OSError:
            connection.is_open = False
        if not connection.is_open:
            del self.connections[connection.peer.fileno()]
            connection.peer.close()

    # ANCHOR: answer
    def answer(self, request):
        """Calls the application, and transmits what it answers (PEP 3333)."""
        try:
            blocks = self.application(request.environ(), request.start)
            try:
                if isinstance(blocks, (list, tuple)):
                    request.whole(b"".join(blocks))
                else:
                    for block in blocks:
                        request.write(block)
                request.end()
            finally:
                if hasattr(blocks, "close"):
                    blocks.close()
        except Left:
            raise
        except Exception:
            traceback.print_exc()
            request.fail()
    # ANCHOR_END: answer


def record(kind, number, content=b""):
    """One record: eight octets of header, and content of at most 65,535."""
    return HEADER.pack(1, kind, number, len(content), 0) + content


@functools.lru_cache
def ending(number, status):
    """The end of a request, and of its output if it was answered."""
    end = record(END, number, bytes([0, 0, 0, 0, status, 0, 0, 0]))
    return end if status != COMPLETE else record(STDOUT, number) + end


# ANCHOR: pairs
def decode(octets, at, end, found):
    """Decodes names and values, before which stand their lengths: in one octet, or in four.

    Returns where the last one ends of which all is there.
    """
    text = octets.decode("latin-1")
    while at < end:
        name, value, start = octets[at], octets[at + 1], at + 2
        if name > 127 or value > 127:
            name, start = length(octets, at)
            value, start = length(octets, start)
        middle = start + name
        after = middle + value
        if after > end:
            break
        found[text[start:middle]] = text[middle:after]
        at = after
    return at


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
    length = int(value) if name.lower() == "content-length" else None
    return f"{name}: {value}\r\n".encode("latin-1"), length


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
