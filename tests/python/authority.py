"""Stands before an ACME server and adds what that one does not have: renewal information (RFC 9773) and limits.

authority.py PORT PEBBLE CERTIFICATE KEY RULES RECORD

RULES is a file of JSON, read at each request: "window" is what renewal information says, "limited" is the Retry-After
of new orders, "newcomers" that of new accounts; they are refused with it. RECORD gets a line for each request: time, method, path, status, and of new
orders what they replace.
"""

import base64
import http.client
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, pebble, certificate, key, rules, record = sys.argv[1:]
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def ruled(self):
        with open(rules) as file:
            return json.load(file)

    def answer(self, status, headers, body, note=""):
        with lock, open(record, "a") as file:
            file.write(f"{time.time():.3f} {self.command} {self.path} {status} {note}\n")
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def forward(self, body=None):
        server = http.client.HTTPSConnection("127.0.0.1", int(pebble), context=ssl._create_unverified_context())
        # The server makes its addresses of the name by which it is called.
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        server.request(self.command, self.path, body, headers)
        answer = server.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def refuse(self, wait, why):
        said = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": why, "status": 429}
        headers = [("Content-Type", "application/problem+json"), ("Retry-After", str(wait))]
        self.answer(429, headers, json.dumps(said).encode())

    def do_HEAD(self):
        self.answer(*self.forward())

    def do_GET(self):
        if self.path.startswith("/renewal/"):
            start, end = self.ruled()["window"]
            said = json.dumps({"suggestedWindow": {"start": start, "end": end}}).encode()
            return self.answer(200, [("Content-Type", "application/json"), ("Retry-After", "21600")], said)
        status, headers, body = self.forward()
        if self.path == "/dir":
            directory = json.loads(body)
            directory["renewalInfo"] = f"https://{self.headers['Host']}/renewal"
            body = json.dumps(directory).encode()
        self.answer(status, headers, body)

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "sign-me-up" in self.path and self.ruled().get("newcomers"):
            return self.refuse(self.ruled()["newcomers"], "too many accounts")
        if "order-plz" not in self.path:
            return self.answer(*self.forward(sent))
        payload = json.loads(sent)["payload"]
        replaced = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("replaces")
        wait = self.ruled().get("limited")
        if wait:
            return self.refuse(wait, "too many certificates")
        status, headers, body = self.forward(sent)
        if replaced and status == 201:
            body = json.dumps(json.loads(body) | {"replaces": replaced}).encode()
        self.answer(status, headers, body, f"replaces={replaced}")


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
