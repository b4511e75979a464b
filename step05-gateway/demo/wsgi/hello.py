"""A WSGI application: what it counts, it remembers from request to request."""
import os

answered = 0


def application(environ, start_response):
    global answered
    answered += 1
    text = (f"Hello from worker {os.getpid()}, which stays: this is its answer number {answered}.\n\n"
            f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}\n")
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]
