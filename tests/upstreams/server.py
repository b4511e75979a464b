"""Files and an echo, in the words of WSGI."""


def application(environ, start_response):
    if environ["PATH_INFO"] == "/echo":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read()]
    try:
        file = open("ROOT/root" + environ["PATH_INFO"], "rb")
    except OSError:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such file\n"]
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return iter(lambda: file.read(10_000), b"")
