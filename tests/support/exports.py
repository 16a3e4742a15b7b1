"""What the tests of exports share: a source that reads one, and the documents that come of it."""

import datetime
import json
import subprocess
import sys
import zipfile

from program import CONFIG, TWIN

SOURCE = "  - type: dir\n    path: posts\n"


def configure(twin, path, **options):
    lines = "".join(f"    {k}: {json.dumps(v)}\n" for k, v in options.items())
    twin.config(CONFIG.replace(SOURCE, f"  - type: export\n    path: {json.dumps(str(path))}\n{lines}"))


def write_zip(path, files, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as z:
        for name, text in files.items():
            z.writestr(name, text)
    return path


def collect(twin, path, rc=0, **options):
    """Collects from the export alone, under a name that stays; the step's counts."""
    options.setdefault("name", "export")
    configure(twin, path, **options)
    r = twin("collect", "--json", rc=rc)
    twin.said = r.stderr
    return json.loads(r.stdout)["steps"][0]["outputs"] if rc == 0 else r.stderr


def documents(twin):
    """Every live document whole, by key."""
    keys = [d["key"] for d in twin.json("show", "documents", "--limit", "0")]
    docs = {k: twin.json("show", "documents", k) for k in keys}
    for d in docs.values():
        for name in ("created", "modified"):
            d[name] = datetime.datetime.fromtimestamp(d[f"{name}_ms"] / 1000, datetime.timezone.utc).isoformat()
    return docs


def bodies(twin):
    return {k: d["body"].strip() for k, d in documents(twin).items()}


def peak(twin, *args):
    """Peak memory of the program in MiB; it must succeed."""
    code = ("import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(r.returncode)")
    r = subprocess.run([sys.executable, "-c", code, TWIN, "-C", twin.dir, *args], env=twin.env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    return int(r.stdout.split()[-1]) >> 10
