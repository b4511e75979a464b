"""The application of check 5e: the standard library's validator around a few plain callables.

Whatever the validator complains about, and the end of every answer, is written to a file that
is named by the query, beside this one: there may be many processes, and the grader is another.
"""

import os
from wsgiref.validate import validator

HERE = os.path.dirname(os.path.abspath(__file__))


def note(environ, text):
    """Adds a line; one that is this short is written whole."""
    name = environ.get("QUERY_STRING", "") or "unasked"
    with open(os.path.join(HERE, "note-" + name), "a") as notes:
        notes.write(text.replace("\n", " ") + "\n")


class Answer:
    """Pieces of content, and a note when they are closed."""

    def __init__(self, environ, pieces):
        self.environ, self.pieces = environ, iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        note(self.environ, "closed")


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-App", "one"), ("X-App", "two")])
    return Answer(environ, [b"hello, ", b"", b"world"])


def echo(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body, content = environ["wsgi.input"], []
    while length and (piece := body.read(min(length, 10_000))):
        content.append(piece)
        length -= len(piece)
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return Answer(environ, content)


def writes(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    return Answer(environ, [b"and returned"])


def endless(environ, start_response):
    def pieces():
        while True:
            yield b"x" * 4096

    start_response("200 OK", [("Content-Type", "text/plain")])
    return Answer(environ, pieces())


def fails(environ, start_response):
    raise RuntimeError("as it was asked to")


def breaks(environ, start_response):
    def pieces():
        yield b"half"
        raise RuntimeError("as it was asked to")

    start_response("200 OK", [("Content-Type", "text/plain")])
    return Answer(environ, pieces())


PAGES = {page.__name__: page for page in (hello, echo, writes, endless, fails, breaks)}


def application(environ, start_response):
    """Sends a request to the callable that is last in its path, and notes what is not as it should be."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    page = PAGES[path.rsplit("/", 1)[-1]]
    try:
        return Noting(environ, validator(page)(environ, start_response))
    except AssertionError as complaint:
        note(environ, f"complaint: {complaint}")
        raise


class Noting:
    """What the validator returns; complaints that come later are noted as well."""

    def __init__(self, environ, answer):
        self.environ, self.answer, self.pieces = environ, answer, None

    def __iter__(self):
        self.pieces = iter(self.answer)
        return self

    def __next__(self):
        try:
            return next(self.pieces)
        except AssertionError as complaint:
            note(self.environ, f"complaint: {complaint}")
            raise

    def close(self):
        try:
            self.answer.close()
        except AssertionError as complaint:
            note(self.environ, f"complaint: {complaint}")
            raise
