"""The least that an application can do, and one that is slow now and then."""
import time

PAGE = b"Hello from Python\n"


def app(environ, start_response):
    if environ["QUERY_STRING"] == "slow":
        time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "18")])
    return [PAGE]
