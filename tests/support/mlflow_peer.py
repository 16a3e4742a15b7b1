"""An MLflow server as its REST API is documented, as far as a client that logs needs it. What it is sent is checked
against the limits of the real one, and kept."""

import http.server
import json
import re
import threading
import urllib.parse

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"


class MlflowPeer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.experiments, self.runs, self.files, self.problems, self.tokens = {}, {}, {}, [], set()
        self.busy = 0  # so many requests are answered with 503
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def only_run(self):
        assert self.problems == []
        (run,) = self.runs.values()
        return run


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def refuse(self, status, code, why):
        if status == 400:
            self.server.problems.append(why)
        self.answer(status, {"error_code": code, "message": why})

    def serve(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.urlsplit(self.path)
        with self.server.lock:
            self.server.tokens.add(self.headers.get("Authorization"))
            if self.server.busy:
                self.server.busy -= 1
                return self.refuse(503, "TEMPORARILY_UNAVAILABLE", "try later")
            if method == "PUT" and path.path.startswith(ARTIFACTS):
                self.server.files[path.path[len(ARTIFACTS):]] = body
                return self.answer(200, {})
            name = (method + " " + path.path.removeprefix(API)).replace("/", "_").replace("-", "_").replace(" ", "_")
            call = getattr(self, name, None)
            if not path.path.startswith(API) or not call:
                return self.refuse(400, "ENDPOINT_NOT_FOUND", f"{method} {self.path}")
            if method == "GET":
                return call({k: v[0] for k, v in urllib.parse.parse_qs(path.query).items()})
            if self.headers.get("Content-Type") != "application/json" or len(body) > 1_000_000:
                return self.refuse(400, "BAD_REQUEST", f"{self.path}: {self.headers.get('Content-Type')}, {len(body)} bytes")
            return call(json.loads(body))

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_PUT(self):
        self.serve("PUT")

    # --- calls ---

    def GET_experiments_get_by_name(self, q):
        id = self.server.experiments.get(q["experiment_name"])
        if id is None:
            return self.refuse(404, "RESOURCE_DOES_NOT_EXIST", "no such experiment")
        self.answer(200, {"experiment": {"experiment_id": id, "name": q["experiment_name"], "lifecycle_stage": "active"}})

    def POST_experiments_create(self, q):
        if q["name"] in self.server.experiments:
            return self.refuse(400, "RESOURCE_ALREADY_EXISTS", "that experiment is there")
        id = self.server.experiments[q["name"]] = str(len(self.server.experiments) + 1)
        self.answer(200, {"experiment_id": id})

    def POST_runs_create(self, q):
        if q["experiment_id"] not in self.server.experiments.values() or not isinstance(q["start_time"], int):
            return self.refuse(400, "INVALID_PARAMETER_VALUE", f"runs/create {q}")
        id = f"{len(self.server.runs):032x}"
        info = {"run_id": id, "run_uuid": id, "artifact_uri": f"mlflow-artifacts:/{q['experiment_id']}/{id}/artifacts"}
        self.server.runs[id] = {
            "info": info, "name": q["run_name"], "params": {}, "metrics": {}, "datasets": [], "status": "RUNNING",
            "tags": {t["key"]: t["value"] for t in q["tags"]},
        }
        self.answer(200, {"run": {"info": info}})

    def POST_runs_log_batch(self, q):
        run = self.server.runs[q["run_id"]]
        metrics, params = q.get("metrics", []), q.get("params", [])
        for p in params:
            if run["params"].setdefault(p["key"], p["value"]) != p["value"] or len(p["value"]) > 6000:
                return self.refuse(400, "INVALID_PARAMETER_VALUE", f"parameter {p}")
        for m in metrics:
            if not all(isinstance(m[k], int) for k in ("timestamp", "step")) or not isinstance(m["value"], (int, float)):
                return self.refuse(400, "INVALID_PARAMETER_VALUE", f"metric {m}")
            if not re.fullmatch(r"[\w./ :-]{1,250}", m["key"]):
                return self.refuse(400, "INVALID_PARAMETER_VALUE", f"name {m}")
            run["metrics"].setdefault(m["key"], []).append((m["step"], m["value"]))
        if len(metrics) > 1000 or len(params) > 100 or len(q.get("tags", [])) > 100:
            return self.refuse(400, "INVALID_PARAMETER_VALUE", "the batch is too large")
        self.answer(200, {})

    def POST_runs_log_inputs(self, q):
        for d in q["datasets"]:
            data = d["dataset"]
            if not all(isinstance(data[k], str) for k in ("name", "source", "source_type")) or len(data["digest"]) > 36:
                return self.refuse(400, "INVALID_PARAMETER_VALUE", f"dataset {d}")
            self.server.runs[q["run_id"]]["datasets"].append(data["digest"])
        self.answer(200, {})

    def POST_runs_update(self, q):
        if q["status"] not in ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED") or not isinstance(q["end_time"], int):
            return self.refuse(400, "INVALID_PARAMETER_VALUE", f"runs/update {q}")
        self.server.runs[q["run_id"]]["status"] = q["status"]
        self.answer(200, {"run_info": {}})
