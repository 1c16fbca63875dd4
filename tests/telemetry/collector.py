"""An OTLP collector from the public proto files: takes spans and metrics by gRPC and by HTTP, each in the clear and
by TLS, and writes what came as JSON lines to a file. `collector.py FILE AUTHORITY` writes the certificate of its
authority to the second file, and prints its ports: gRPC, HTTP, and both by TLS.
"""

import gzip
import json
import ssl
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import trustme
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

lock = threading.Lock()


def note(by, signal, headers, message):
    line = {"by": by, "signal": signal, "headers": headers, "message": MessageToDict(message)}
    with lock, open(sys.argv[1], "a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def metadata(context):
    return {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def Export(self, request, context):
        note("grpc", "traces", metadata(context), request)
        return trace_service_pb2.ExportTraceServiceResponse()


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def Export(self, request, context):
        note("grpc", "metrics", metadata(context), request)
        return metrics_service_pb2.ExportMetricsServiceResponse()


class Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    messages = {
        "/v1/traces": ("traces", trace_service_pb2.ExportTraceServiceRequest),
        "/v1/metrics": ("metrics", metrics_service_pb2.ExportMetricsServiceRequest),
    }

    def do_POST(self):
        signal, kind = self.messages[self.path]
        assert self.headers["content-type"] == "application/x-protobuf", self.headers
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        message = kind()
        message.ParseFromString(body)
        headers = {key.lower(): value for key, value in self.headers.items()}
        note("http", signal, headers, message)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = grpc.server(futures.ThreadPoolExecutor(4))
trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), server)
metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
authority = trustme.CA()
authority.cert_pem.write_to_path(sys.argv[2])
issued = authority.issue_cert("127.0.0.1")
chain = b"".join(certificate.bytes() for certificate in issued.cert_chain_pems)
secret = grpc.ssl_server_credentials([(issued.private_key_pem.bytes(), chain)])
ports = [server.add_insecure_port("127.0.0.1:0"), None, server.add_secure_port("127.0.0.1:0", secret), None]
server.start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
issued.configure_cert(context)
for place, by_tls in [(1, False), (3, True)]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    if by_tls:
        http.socket = context.wrap_socket(http.socket, server_side=True)
    ports[place] = http.server_address[1]
    threading.Thread(target=http.serve_forever).start()
print(*ports, flush=True)
server.wait_for_termination()
