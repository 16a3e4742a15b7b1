"""
When is a question answered, and when refused? Questions about samples/mara that have an answer there, and others that
have none (bench/evidence.tsv), through `twin search`: Twin's rule beside the usual one, a threshold on the cosine of the best
passage, at the value that serves it best on the questions that Twin's rule was tuned on.

    make bench B=evidence
"""

import collections
import json
import subprocess
import sys
import tempfile

from support.base import ROOT, TWIN

ANSWERED = {"title", "paraphrase"}


def twin(folder, *args, **sets):
    words = [w for key, value in sets.items() for w in ("--set", f"{key}={value}")]
    r = subprocess.run([TWIN, "-C", folder, "-q", *words, *args], capture_output=True, text=True)
    if r.returncode != 0:
        sys.exit(r.stderr)
    return r.stdout


def questions():
    lines = (ROOT / "bench/evidence.tsv").read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def best_cosine(passages):
    return max((p["cosine"] or -1 for p in passages), default=-1)


def threshold(asked):
    """The cosine that puts most of the tuned questions on the right side."""
    tuned = [(kind in ANSWERED, cosine) for kind, where, _, cosine in asked if where == "tuned"]
    return max((c for _, c in tuned), key=lambda c: sum((cosine >= c) == wanted for wanted, cosine in tuned))


def main():
    with tempfile.TemporaryDirectory() as folder:
        twin(folder, "init", "--name", "Mara", "--posts", str(ROOT / "samples/mara"), folder)
        twin(folder, "collect")
        twin(folder, "features", **{"features.questions.share": 0})
        asked = []
        for kind, where, q in questions():
            found = json.loads(twin(folder, "search", q, "--json", **{"features.questions.share": 0}))
            open_to_all = {"features.questions.share": 0, "retrieval.min_evidence": -1, "retrieval.margin": 4}
            every = json.loads(twin(folder, "search", q, "--json", **open_to_all))
            asked.append((kind, where, bool(found), best_cosine(every)))
    limit = threshold(asked)
    right = collections.Counter()
    of = collections.Counter()
    for kind, where, ours, cosine in asked:
        wanted = kind in ANSWERED
        of[where, kind] += 1
        right[where, kind, "twin"] += ours == wanted
        right[where, kind, "cosine"] += (cosine >= limit) == wanted
    print(f"{'questions':24} {'wanted':10} {'twin':>8} {f'cosine >= {limit:.2f}':>16}")
    for (where, kind), n in sorted(of.items(), reverse=True):
        wanted = "answered" if kind in ANSWERED else "refused"
        print(f"{where + ', ' + kind:24} {wanted:10} {right[where, kind, 'twin']:5}/{n:<3} {right[where, kind, 'cosine']:12}/{n}")
    total = {w: sum(n for (where, _), n in of.items() if where == w) for w in ("tuned", "held")}
    share = {(w, who): sum(v for (where, _, by), v in right.items() if where == w and by == who) / total[w]
             for w in total for who in ("twin", "cosine")}
    print(f"evidence: tuned={share['tuned', 'twin']:.3f} tuned_cosine={share['tuned', 'cosine']:.3f} "
          f"held={share['held', 'twin']:.3f} held_cosine={share['held', 'cosine']:.3f} "
          f"ratio={share['held', 'twin'] / share['held', 'cosine']:.3f}")


if __name__ == "__main__":
    main()
