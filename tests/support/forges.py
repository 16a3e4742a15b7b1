"""A server on loopback that speaks the REST APIs of GitHub and GitLab as they are documented: lists in pages with Link headers,
ETags and 304, limits of requests, errors. What it holds is a test's; what it was asked is in `hits`."""

import hashlib
import http.server
import json
import re
import threading
import time
import urllib.parse


class Answer:
    """One answer: a status, a body (a value is sent as JSON), headers."""

    def __init__(self, body=None, status=200, headers=None, type="application/json; charset=utf-8"):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers, self.type = status, dict(headers or {}), type


class Forge(http.server.ThreadingHTTPServer):
    """Routes are methods named in `routes`, [(pattern, method)]. `first`: {pattern: [Answer, …]}, given once each before what a
    path answers otherwise. `hits` are (path with query, status, headers) in the order of the answers."""

    daemon_threads = True
    request_queue_size = 64
    root = ""
    per_page = 100  # at most so many, whatever is asked for
    etags = True
    cut = False  # lists that a service may cut are
    owner = "ann"  # of the token

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits, self.first, self.instead, self.token = [], {}, {}, None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # the client has hung up

    def paths(self, status=None):
        """Paths below the API's root that were asked for, without how a list is cut and ordered."""
        left_out = r"(?<=[?&])(per_page|sort|order|direction|order_by|scope|state|pagination)=[^&]*(&|$)"
        return [re.sub(left_out, "", p).rstrip("?&") for p, s, _ in self.hits if status in (None, s)]

    def answer(self, handler):
        path = handler.path
        if not path.startswith(self.root):
            return Answer({"message": "Not Found"}, 404)
        path = path[len(self.root):]
        for pattern, answers in self.first.items():
            if re.search(pattern, path) and answers:
                one = answers.pop(0)
                return one(handler) if callable(one) else one
        for pattern, one in self.instead.items():
            if re.search(pattern, path):
                return one
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"message": "Bad credentials"}, 401)
        place, _, query = path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        for pattern, method in self.routes:
            if m := re.fullmatch(pattern, place):
                found = method(self, *map(urllib.parse.unquote, m.groups()), **{"query": query, "handler": handler})
                return found if isinstance(found, Answer) else self.page(found, handler, query)
        return Answer({"message": "Not Found"}, 404)

    def page(self, found, handler, query):
        """A list as one of its pages; anything else whole."""
        if not isinstance(found, list):
            return Answer(found)
        size, at = min(int(query.get("per_page", 30)), self.per_page), int(query.get("page", 1))
        links = []
        if at * size < len(found):
            split = urllib.parse.urlsplit(handler.path)
            more = urllib.parse.urlencode({**query, "page": at + 1})
            links = [f'<{self.link_host()}{split.path}?{more}>; rel="next"', f'<{self.link_host()}{split.path}?page=9>; rel="last"']
        return Answer(found[(at - 1) * size : at * size], headers={"Link": ", ".join(links)} if links else {})

    def link_host(self):
        return self.url


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for the client to acknowledge its head

    def log_message(self, *args):
        pass

    def do_GET(self):
        forge = self.server
        a = forge.answer(self)
        status, body = a.status, a.body
        etag = 'W/"' + hashlib.sha256(body).hexdigest()[:16] + '"' if forge.etags and status == 200 else None
        if etag and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", a.type)
        if etag:
            self.send_header("ETag", etag)
        for name, value in a.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        forge.hits.append((self.path[len(forge.root):], status, dict(self.headers)))


def limited(seconds, status=403, **headers):
    """What GitHub says when the hour's requests are used up."""
    named = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time() + seconds)), **headers}
    return Answer({"message": "API rate limit exceeded"}, status, named)


def blob_id(text):
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class GitHub(Forge):
    """`repos` by full name: {"files": {path: text}, "issues": [...], "comments": [...], "review_comments": [...], "reviews": {n: [...]}}."""

    root = "/api/v3"

    def __init__(self):
        super().__init__()
        self.repos, self.gists_of = {}, {}

    # What a test puts in.

    def person(self, login):
        return {"login": login, "id": len(login), "node_id": "U_" + login, "type": "Bot" if login.endswith("[bot]") else "User"}

    def repo(self, name, **more):
        owner = name.split("/")[0]
        web = f"https://github.com/{name}"
        facts = {"id": len(self.repos) + 1, "node_id": f"R_{len(self.repos)}", "name": name.split("/")[1], "full_name": name,
                 "owner": self.person(owner), "private": False, "fork": False, "html_url": web, "default_branch": "main", "license": None,
                 "pushed_at": "2021-03-01T10:00:00Z"}
        self.repos[name] = {"facts": {**facts, **more}, "files": {}, "issues": [], "comments": [], "review_comments": [], "reviews": {}}
        return self.repos[name]

    def issue(self, name, number, by, body, title="A title", pull=False, labels=(), **more):
        web = f"https://github.com/{name}/{'pull' if pull else 'issues'}/{number}"
        at = f"2021-04-{number % 28 + 1:02}T10:00:00Z"
        one = {"id": 1000 + number, "node_id": f"I_{number}", "number": number, "title": title, "body": body, "user": self.person(by),
               "labels": [{"id": 1, "name": l, "color": "ededed"} for l in labels], "state": "open", "html_url": web,
               "created_at": at, "updated_at": at, "performed_via_github_app": None,
               "repository_url": f"{self.url}{self.root}/repos/{name}"}
        if pull:
            one["pull_request"] = {"url": f"{self.url}/repos/{name}/pulls/{number}"}
        one.update(more)
        self.repos[name]["issues"].append(one)
        return one

    def comment(self, name, number, id, by, body, **more):
        at = f"2021-05-{id % 28 + 1:02}T10:00:00Z"
        one = {"id": id, "node_id": f"IC_{id}", "user": self.person(by), "body": body, "created_at": at, "updated_at": at,
               "html_url": f"https://github.com/{name}/issues/{number}#issuecomment-{id}", "performed_via_github_app": None,
               "issue_url": f"{self.url}/repos/{name}/issues/{number}", **more}
        self.repos[name]["comments"].append(one)
        return one

    def review_comment(self, name, number, id, by, body, hunk="@@ -1 +1 @@\n-old\n+new", **more):
        at = f"2021-06-{id % 28 + 1:02}T10:00:00Z"
        one = {"id": id, "user": self.person(by), "body": body, "created_at": at, "updated_at": at, "path": "a.c", "diff_hunk": hunk,
               "html_url": f"https://github.com/{name}/pull/{number}#discussion_r{id}",
               "pull_request_url": f"{self.url}/repos/{name}/pulls/{number}", **more}
        self.repos[name]["review_comments"].append(one)
        return one

    def review(self, name, number, id, by, body, **more):
        one = {"id": id, "user": self.person(by), "body": body, "state": "COMMENTED", "submitted_at": f"2021-07-{id % 28 + 1:02}T10:00:00Z",
               "html_url": f"https://github.com/{name}/pull/{number}#pullrequestreview-{id}", **more}
        self.repos[name]["reviews"].setdefault(number, []).append(one)
        return one

    def gist(self, id, by, files, **more):
        one = {"id": id, "html_url": f"https://gist.github.com/{by}/{id}", "public": True, "owner": self.person(by), "description": "",
               "created_at": "2021-08-01T10:00:00Z", "updated_at": "2021-08-01T10:00:00Z",
               "files": {n: {"filename": n, "type": "text/plain", "raw_url": "https://gist.githubusercontent.com/x", "size": len(t),
                             "truncated": False, "content": t} for n, t in files.items()}, **more}
        self.gists_of[id] = one
        return one

    # What it answers.

    def of(self, owner, name, what):
        return self.repos[f"{owner}/{name}"][what] if f"{owner}/{name}" in self.repos else None

    def user_repos(self, user, query, **_):
        return [r["facts"] for n, r in sorted(self.repos.items()) if n.startswith(user.lower() + "/") and not r["facts"]["private"]]

    def me(self, **_):
        return self.person(self.owner)

    def my_repos(self, query, **_):
        return [r["facts"] for n, r in sorted(self.repos.items()) if n.startswith(self.owner + "/")]

    def one_repo(self, owner, name, **_):
        return self.of(owner, name, "facts") or Answer({"message": "Not Found"}, 404)

    def issues(self, owner, name, query, **_):
        list = self.of(owner, name, "issues")
        return [i for i in list if i["user"]["login"].lower() == query["creator"].lower() and i["updated_at"] >= query.get("since", "")]

    def one_issue(self, owner, name, number, **_):
        found = [i for i in self.of(owner, name, "issues") if i["number"] == int(number)]
        return found[0] if found else Answer({"message": "Not Found"}, 404)

    def issue_comments(self, owner, name, number, **_):
        return [c for c in self.of(owner, name, "comments") if f"/issues/{number}#" in c["html_url"]]

    def all_comments(self, owner, name, query, **_):
        return [c for c in self.of(owner, name, "comments") if c["updated_at"] >= query.get("since", "")]

    def all_review_comments(self, owner, name, **_):
        return self.of(owner, name, "review_comments")

    def one_review_comment(self, owner, name, id, **_):
        return [c for c in self.of(owner, name, "review_comments") if c["id"] == int(id)][0]

    def reviews(self, owner, name, number, **_):
        return self.of(owner, name, "reviews").get(int(number), [])

    def search(self, query, **_):
        """At most 1,000 results of a query (here `most_found`), like the service."""
        words = dict(re.findall(r"([\w-]+):(?:>=)?(\S+)", query["q"]))
        found = []
        for name, repo in self.repos.items():
            if words.get("repo", name) != name or not name.startswith(words.get("user", "") + ("/" if "user" in words else "")):
                continue
            for i in repo["issues"]:
                if "pull_request" in i and any(r["user"]["login"] == words["reviewed-by"] for r in repo["reviews"].get(i["number"], [])):
                    found.append(i)
        found = sorted((i for i in found if i["created_at"] >= words.get("created", "")), key=lambda i: i["created_at"])
        size = min(int(query["per_page"]), self.per_page)
        return {"total_count": len(found), "incomplete_results": self.cut, "items": found[:size]}

    def tree(self, owner, name, branch, **_):
        files = self.of(owner, name, "files")
        if not files:
            return Answer({"message": "Git Repository is empty."}, 409)
        entries = [{"path": "docs", "mode": "040000", "type": "tree", "sha": "d" * 40}]
        for path, text in files.items():
            entries.append({"path": path, "mode": "100644", "type": "blob", "sha": blob_id(text), "size": len(text.encode())})
        entries.append({"path": "LINK.md", "mode": "120000", "type": "blob", "sha": "e" * 40, "size": 9})
        return {"sha": "f" * 40, "tree": entries, "truncated": self.cut}

    def blob(self, owner, name, sha, handler, **_):
        assert handler.headers.get_all("Accept") == ["application/vnd.github.raw+json"]
        text = {blob_id(t): t for t in self.of(owner, name, "files").values()}[sha]
        return Answer(text.encode(), type="application/vnd.github.raw+json")

    def commits(self, owner, name, query, **_):
        who = {"name": "x", "email": "x@example.org", "date": "2021-02-03T10:00:00Z"}
        return [{"sha": "c" * 40, "commit": {"author": who, "committer": who, "message": query["path"]}}]

    def list_gists(self, user, **_):
        return [{**g, "files": {n: {k: v for k, v in f.items() if k not in ("content", "truncated")} for n, f in g["files"].items()}}
                for g in self.gists_of.values() if g["public"] and g["owner"]["login"] == user]

    def my_gists(self, **_):
        return [g for g in self.gists_of.values() if g["owner"]["login"] == self.owner]

    def one_gist(self, id, **_):
        return self.gists_of[id]

    repo_path = r"/repos/([^/]+)/([^/]+)"
    routes = [
        (r"/users/([^/]+)/repos", user_repos), (r"/user", me), (r"/user/repos", my_repos), (repo_path, one_repo),
        (repo_path + "/issues", issues), (repo_path + r"/issues/(\d+)", one_issue), (repo_path + r"/issues/(\d+)/comments", issue_comments),
        (repo_path + "/issues/comments", all_comments), (repo_path + "/pulls/comments", all_review_comments),
        (repo_path + r"/pulls/comments/(\d+)", one_review_comment), (repo_path + r"/pulls/(\d+)/reviews", reviews),
        (r"/search/issues", search), (repo_path + r"/git/trees/([^/]+)", tree), (repo_path + r"/git/blobs/(\w+)", blob),
        (repo_path + "/commits", commits), (r"/users/([^/]+)/gists", list_gists), (r"/gists", my_gists), (r"/gists/(\w+)", one_gist),
    ]


class GitLab(Forge):
    """`projects` by path: {"facts", "files", "issues", "merge_requests", "notes": {("issues", 1): [...]}, "wikis"}."""

    root = "/api/v4"

    def __init__(self):
        super().__init__()
        self.projects, self.snippets_of = {}, []

    # What a test puts in.

    def person(self, username):
        return {"id": len(username), "username": username, "name": username.title(), "state": "active", "web_url": f"https://gitlab.com/{username}"}

    def project(self, path, kind="user", **more):
        space = path.rsplit("/", 1)[0]
        facts = {"id": len(self.projects) + 1, "path_with_namespace": path, "web_url": f"https://gitlab.com/{path}", "default_branch": "main",
                 "visibility": "public", "namespace": {"kind": kind, "path": space.split("/")[-1], "full_path": space},
                 "issues_access_level": "enabled", "merge_requests_access_level": "enabled", "wiki_access_level": "enabled",
                 "license": None, "empty_repo": False, **more}
        self.projects[path] = {"facts": facts, "files": {}, "issues": [], "merge_requests": [], "notes": {}, "wikis": []}
        return self.projects[path]

    def issue(self, path, iid, by, description, title="A title", what="issues", labels=(), **more):
        at = f"2021-04-{iid % 28 + 1:02}T10:00:00.000Z"
        one = {"id": 1000 + iid, "iid": iid, "title": title, "description": description, "author": self.person(by), "labels": list(labels),
               "created_at": at, "updated_at": at, "user_notes_count": 0, "web_url": f"https://gitlab.com/{path}/-/{what}/{iid}", **more}
        self.projects[path][what].append(one)
        return one

    def note(self, path, iid, id, by, body, what="issues", system=False, **more):
        at = f"2021-05-{id % 28 + 1:02}T10:00:00.000Z"
        one = {"id": id, "type": None, "body": body, "author": self.person(by), "created_at": at, "updated_at": at, "system": system,
               "noteable_iid": iid, "noteable_type": "Issue" if what == "issues" else "MergeRequest", **more}
        self.projects[path]["notes"].setdefault((what, iid), []).append(one)
        for i in self.projects[path][what]:
            if i["iid"] == iid:
                i["user_notes_count"] += not system
        return one

    def snippet(self, id, by, files, **more):
        web = f"https://gitlab.com/-/snippets/{id}"
        one = {"id": id, "title": "A snippet", "file_name": next(iter(files)), "author": self.person(by), "visibility": "public", "web_url": web,
               "created_at": "2021-08-01T10:00:00.000Z", "updated_at": "2021-08-01T10:00:00.000Z", "contents": files,
               "files": [{"path": n, "raw_url": f"{web}/raw/main/{n}"} for n in files], **more}
        self.snippets_of.append(one)
        return one

    # What it answers.

    def of(self, id):
        return next((p for p in self.projects.values() if id in (str(p["facts"]["id"]), p["facts"]["path_with_namespace"])), None)

    def me(self, **_):
        return self.person(self.owner)

    def user_projects(self, user, handler, **_):
        """Whoever has no token is told little (lib/api/entities/basic_project_details.rb)."""
        left_out = ["license"] if "Authorization" in handler.headers else ["license", "forked_from_project", "empty_repo"]
        return [{k: v for k, v in p["facts"].items() if k not in left_out and not k.endswith("_level" if len(left_out) > 1 else "-")}
                for n, p in self.projects.items() if n.startswith(user + "/")]

    def one_project(self, id, query, **_):
        return self.of(id)["facts"] if self.of(id) else Answer({"message": "404 Project Not Found"}, 404)

    def list(self, id, what, query, **_):
        by = query.get("author_username")
        return [i for i in self.of(id)[what] if by in (None, i["author"]["username"]) and i["updated_at"] >= query.get("updated_after", "")]

    def one(self, id, what, iid, **_):
        return next(i for i in self.of(id)[what] if i["iid"] == int(iid))

    def notes(self, id, what, iid, **_):
        return self.of(id)["notes"].get((what, int(iid)), [])

    def tree(self, id, query, **_):
        if not self.of(id)["files"]:
            return Answer({"message": "404 Tree Not Found"}, 404)
        entries = [{"id": "d" * 40, "name": "docs", "type": "tree", "path": "docs", "mode": "040000"}]
        for path, text in self.of(id)["files"].items():
            entries.append({"id": blob_id(text), "name": path.split("/")[-1], "type": "blob", "path": path, "mode": "100644"})
        return entries

    def blob(self, id, sha, handler, **_):
        assert handler.headers.get_all("Accept") == ["*/*"]
        return Answer({blob_id(t): t for t in self.of(id)["files"].values()}[sha].encode(), type="text/plain")

    def commits(self, id, query, **_):
        return [{"id": "c" * 40, "committed_date": "2021-02-03T10:00:00.000+00:00", "created_at": "2021-02-03T10:00:00.000+00:00"}]

    def wikis(self, id, query, **_):
        return Answer(self.of(id)["wikis"])

    def snippets(self, **_):
        return [{k: v for k, v in s.items() if k != "contents"} for s in self.snippets_of if s["author"]["username"] == self.owner]

    def snippet_file(self, id, ref, name, **_):
        return Answer(next(s for s in self.snippets_of if s["id"] == int(id))["contents"][name].encode(), type="text/plain")

    def snippet_raw(self, id, **_):
        return Answer(next(iter(next(s for s in self.snippets_of if s["id"] == int(id))["contents"].values())).encode(), type="text/plain")

    project_path, kinds = r"/projects/([^/]+)", "(issues|merge_requests)"
    routes = [
        (r"/users/([^/]+)/projects", user_projects), (r"/user", me), (project_path, one_project), (f"{project_path}/{kinds}", list),
        (rf"{project_path}/{kinds}/(\d+)", one), (rf"{project_path}/{kinds}/(\d+)/notes", notes), (project_path + "/repository/tree", tree),
        (project_path + r"/repository/blobs/(\w+)/raw", blob), (project_path + "/repository/commits", commits), (project_path + "/wikis", wikis),
        (r"/snippets", snippets), (r"/snippets/(\d+)/files/([^/]+)/([^/]+)/raw", snippet_file), (r"/snippets/(\d+)/raw", snippet_raw),
    ]
