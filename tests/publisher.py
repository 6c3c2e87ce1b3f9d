"""A publisher's server on this machine: files over HTTP, with ranges, that breaks off when told."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Publisher:
    """What the server holds and how it behaves; `asked` are (path, Range or "") of all requests.

    `breaks`: the bytes after which each of the next answers ends. `ranges`: whether parts are
    given. `tags`: the ETag of each file, if any.
    """

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.breaks: list[int] = []
        self.ranges = True
        self.asked: list[tuple[str, str]] = []
        self.url = ""


def handler_of(publisher: Publisher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range", "")
            publisher.asked.append((self.path, wanted))
            if self.path not in publisher.files:
                return self.send_error(404)
            content, tag = publisher.files[self.path], publisher.tags.get(self.path)
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            if not publisher.ranges or self.headers.get("If-Range", tag) != tag:
                start = 0
            if start >= len(content) and start:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206 if start else 200)
            if start:
                whole = len(content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            if tag:
                self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = start + publisher.breaks.pop(0) if publisher.breaks else None
            self.wfile.write(content[start:end])
            return None

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def publishing():
    """A Publisher whose files are served on a free port until the context ends."""
    publisher = Publisher()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(publisher))
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
