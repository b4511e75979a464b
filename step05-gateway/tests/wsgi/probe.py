"""An application in which every path is one way to behave, or to misbehave."""
import os
import sys
import time
import wsgiref.validate

TEXT = ("Content-Type", "text/plain")


class Blocks:
    """An iterable of blocks that tells, on the log, each time it is closed."""

    def __init__(self, name, blocks):
        self.name, self.blocks = name, iter(blocks)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.blocks)

    def close(self):
        print("closed", self.name)


def hello(environ, start):
    start("200 OK", [TEXT])
    return [b"hello\n"]


def environ(environ, start):
    start("200 OK", [TEXT])
    return [f"{name}={environ[name]!r}\n".encode() for name in sorted(environ)]


def echo(environ, start):
    start("200 OK", [TEXT])
    return Blocks("echo", iter(lambda: environ["wsgi.input"].read(50_000), b""))


def lines(environ, start):
    content = environ["wsgi.input"]
    start("200 OK", [TEXT])
    return [repr([content.readline(), content.readline(2), *content.readlines(), content.read()]).encode()]


def iterate(environ, start):
    start("200 OK", [TEXT])
    return [repr(list(environ["wsgi.input"])).encode()]


def by_write(environ, start):
    write = start("200 OK", [TEXT])
    write(b"a")
    write(b"b")
    return Blocks("by_write", [b"c"])


def step_by_step(environ, start):
    """A block for each octet that arrives: nothing would arrive if the first were held back."""
    start("200 OK", [TEXT])
    yield b"ready\n"
    while octet := environ["wsgi.input"].read(1):
        yield octet


def fails_early(environ, start):
    start("200 OK", [TEXT])
    raise ValueError("it failed early")


def fails_late(environ, start):
    start("200 OK", [TEXT])

    def blocks():
        yield b"half"
        raise ValueError("it failed late")

    return Blocks("fails_late", blocks())


def fails_in_empty(environ, start):
    """Nothing has been sent while all blocks were empty, so a whole answer is possible."""
    start("200 OK", [TEXT])

    def blocks():
        yield b""
        raise ValueError("it failed before the first octet")

    return Blocks("fails_in_empty", blocks())


def replaces(environ, start):
    start("200 OK", [TEXT])
    try:
        raise ValueError("replaced")
    except ValueError:
        start("503 Not Now", [TEXT], sys.exc_info())
    return [b"another page"]


def replaces_late(environ, start):
    start("200 OK", [TEXT])
    yield b"half"
    try:
        raise ValueError("too late to be replaced")
    except ValueError:
        start("503 Not Now", [TEXT], sys.exc_info())
    yield b"never sent"


def short(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "9")])
    return Blocks("short", [b"four"])


def long(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "4")])
    return Blocks("long", [b"four", b"five"])


def longer(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "4")])
    return [b"twelve", b"octets"]


def known_length(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "4")])
    return Blocks("known_length", [b"fo", b"ur"])


def status(environ, start):
    start(environ["QUERY_STRING"].replace("+", " "), [])
    return [b""]


def field(environ, start):
    name, _, value = environ["QUERY_STRING"].partition("=")
    start("200 OK", [TEXT, (name, value.encode().decode("unicode_escape"))])
    return [b""]


def twice(environ, start):
    start("200 OK", [TEXT])
    start("200 OK", [TEXT])
    return [b""]


def never(environ, start):
    return [b"an answer without a head"]


def words(environ, start):
    start("200 OK", [TEXT])
    return ["words are no octets"]


def file(environ, start):
    start("200 OK", [TEXT])
    return environ["wsgi.file_wrapper"](open(__file__, "rb"), 100)


def large(environ, start):
    start("200 OK", [TEXT])
    return Blocks("large", [b"x" * 200_000, b"y" * 200_000])


def endless(environ, start):
    start("200 OK", [TEXT])
    return Blocks("endless", iter(lambda: b"z" * 60_000, None))


def noisy(environ, start):
    print("printed")
    os.write(1, b"written to descriptor 1\n")
    os.system("echo said by a child; cat")
    start("200 OK", [TEXT])
    return [b"quiet"]


def page(environ, start):
    """As many octets as it is asked for, at once."""
    start("200 OK", [TEXT])
    return [b"x" * int(environ["QUERY_STRING"])]


def called(environ, start):
    """Tells, on the log, that it was called."""
    print("called", environ["QUERY_STRING"])
    return hello(environ, start)


def until(environ, start):
    """Waits for a file."""
    print("waiting")
    while not os.path.exists(environ["QUERY_STRING"]):
        time.sleep(0.001)
    return hello(environ, start)


def block_until(environ, start):
    start("200 OK", [TEXT])
    yield b"first "
    yield from until(environ, lambda status, fields: None)


def write_until(environ, start):
    start("200 OK", [TEXT])(b"first ")
    return until(environ, lambda status, fields: None)


def reads_late(environ, start):
    """Reads its content when it has answered."""
    start("200 OK", [TEXT, ("Content-Length", "4")])
    yield b"four"
    environ["wsgi.input"].read()


def pid(environ, start):
    start("200 OK", [TEXT])
    return [str(os.getpid()).encode()]


def dies(environ, start):
    os._exit(7)


def dies_late(environ, start):
    start("200 OK", [TEXT])
    yield b"half"
    os._exit(7)


def hangs(environ, start):
    print("hanging")
    while True:
        time.sleep(60)


def slow(environ, start):
    time.sleep(float(environ["QUERY_STRING"]))
    return hello(environ, start)


def application(environ, start):
    return globals()[environ["PATH_INFO"].lstrip("/")](environ, start)


validated = wsgiref.validate.validator(application)
