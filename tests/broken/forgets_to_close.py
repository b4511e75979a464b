import sys
from wsgiref import handlers, simple_server


class Forgetful(handlers.SimpleHandler):
    http_version = "1.1"

    def finish_response(self):
        for piece in self.result:
            self.write(piece)
        self.finish_content()
        self.result = None
        self.close()


class Guest(simple_server.WSGIRequestHandler):
    def handle(self):
        self.raw_requestline = self.rfile.readline(65537)
        if self.parse_request():
            environ = self.get_environ()
            Forgetful(self.rfile, self.wfile, sys.stderr, environ).run(self.server.get_app())

    def log_message(self, *words):
        pass


host, port = sys.argv[1].rsplit(":", 1)
sys.path.insert(0, sys.argv[2])
import app

simple_server.make_server(host, int(port), app.application, handler_class=Guest).serve_forever()
