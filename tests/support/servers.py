"""`twin serve` on a free port, and an OpenAI-compatible model server whose answers a test decides."""

import contextlib
import http.client
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time

from program import TWIN

# Small enough for a laptop: a real run in every step, of the least work that a step takes.
SMALL = {
    "features.questions.share": 0,
    "training.max_steps": 2,
    "training.sequence": 128,
    "training.rank": 4,
    "training.max_valid": 1,
    "evaluation.n_score": 0,
    "evaluation.n_generate": 0,
    "evaluation.n_questions": 0,
    "evaluation.max_test_loss_ratio": 0,
    "retrieval.k": 1,  # prompts are read at the pace of a processor
}


def settings(values):
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def run(folder, *args, **sets):
    """`twin -C folder …`; its standard output."""
    done = subprocess.run([TWIN, "-C", folder, *settings(sets), *args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """`twin serve` on a free port."""

    def __init__(self, folder, *args, token=None, **sets):
        env = {**os.environ, **({"TWIN_TOKEN": token} if token else {})}
        words = [TWIN, "-C", str(folder), *settings(sets), "serve", "--port", "0", *args]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, env=env, text=True)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"at (http://[\d.]+:(\d+)/)", line):
                self.url, self.port = found[1], int(found[2])
                break
        else:
            raise AssertionError("".join(self.said))
        # Read on, or a full pipe would stop the server.
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def request(self, method, path, body=None, headers=None):
        """(status, headers, text); a dict is sent as JSON."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            c.request(method, path, body, headers)
            r = c.getresponse()
            return r.status, r.headers, r.read().decode()
        finally:
            c.close()

    def get(self, path):
        status, _, text = self.request("GET", path)
        assert status == 200, text
        return json.loads(text)

    def metric(self, name):
        _, _, text = self.request("GET", "/metrics")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        return float(found[1]) if found else 0.0

    def wait_metric(self, name, value):
        for _ in range(300):
            if self.metric(name) >= value:
                return
            time.sleep(0.05)
        raise AssertionError(f"{name} did not reach {value}")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.poll() is None:
            self.terminate()
        return self.process.wait(60)


@contextlib.contextmanager
def serving(folder, *args, **kw):
    server = Server(folder, *args, **kw)
    try:
        yield server
    finally:
        server.stop()


class Peer(http.server.ThreadingHTTPServer):
    """A model server that streams `text`, `pause` seconds after each four letters, and hangs up after `breaks_at` of them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), PeerHandler)
        self.says("It depends [1].")
        self.spec = f"openai:http://127.0.0.1:{self.server_address[1]}/v1#peer"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def says(self, text, pause=0, breaks_at=None):
        self.text, self.pause, self.breaks_at = text, pause, breaks_at


class PeerHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"object":"list","data":[{"id":"peer","object":"model","created":1,"owned_by":"test"}]}')

    def event(self, **more):
        frame = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "peer", **more}
        self.wfile.write(b"data: " + json.dumps(frame).encode() + b"\n\n")
        self.wfile.flush()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        text, pause, end = self.server.text, self.server.pause, self.server.breaks_at
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for i in range(0, len(text), 4):
                if end is not None and i >= end:
                    return
                delta = {"content": text[i : i + 4]}
                self.event(choices=[{"index": 0, "delta": delta, "finish_reason": None}])
                time.sleep(pause)
            self.event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            self.event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass  # the twin has hung up
