"""Chapter 5.5, WSGI from underneath: an application, in which every path is a way to behave.

    cargo run -p step05-gateway -- . --wsgi /app=rung5_wsgi:app --wsgi-path step05-gateway/examples
"""
import os
import wsgiref.validate

TEXT = ("Content-Type", "text/plain")
visits = 0


# ANCHOR: app
def app(environ, start_response):
    """An application is a function of two parameters that returns an iterable of bytes."""
    behave = BEHAVIOURS.get(environ["PATH_INFO"], greet)
    return behave(environ, start_response)


def greet(environ, start_response):
    start_response("200 OK", [TEXT])
    return [f"hello, {ascii(environ['PATH_INFO'])}\n".encode()]


def count(environ, start_response):
    global visits
    visits += 1
    print("visit", visits)
    start_response("200 OK", [TEXT])
    return [b"%d\n" % visits]
# ANCHOR_END: app


# ANCHOR: faults
def early(environ, start_response):
    start_response("200 OK", [TEXT])
    raise RuntimeError("before a word was said")


def late(environ, start_response):
    start_response("200 OK", [TEXT])
    yield b"half a page\n"
    raise RuntimeError("after half a page")


def die(environ, start_response):
    os._exit(1)
# ANCHOR_END: faults


BEHAVIOURS = {"/count": count, "/early": early, "/late": late, "/die": die}
checked = wsgiref.validate.validator(app)
