"""Serves the AWS double on a free loopback port for as long as standard input stays open.

Prints exactly one line on standard output, `READY <port>`, once the server answers. It ends when standard input closes,
which the kernel does when the test process dies in whatever way, so the double never outlives its test. Whatever moto
prints or logs goes to standard error.
"""

import logging
import os
import sys
import threading
import urllib.request

import overlay

# The socket is bound to port 0 and stays bound, so no other process can take the port between choice and use.
HOST = "127.0.0.1"


def build_server():
    """The bound server. moto is imported late so that the overlay's assertions speak first."""
    overlay.install()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    return make_server(HOST, 0, application, threaded=True, request_handler=MotoRequestHandler)


def main():
    ready, sys.stdout = sys.stdout, sys.stderr
    server = build_server()
    os.environ["MOTO_PORT"] = str(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # A plain request, without a proxy from the environment, proves that the application itself answers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"http://{HOST}:{server.server_port}/moto-api/data.json", timeout=60).read()
    print(f"READY {server.server_port}", file=ready, flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


if __name__ == "__main__":
    main()
