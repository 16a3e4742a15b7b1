"""
Main-content extraction beside trafilatura: the score on the pages of the article-extraction-benchmark (see extract_score.c)
and pages a second of CPU time of one thread, from bytes to text, on the same pages in the same run: by turns, so what else the
machine does disturbs both alike; the best round of each counts. Ours makes plain text and Markdown, trafilatura plain text
without comments, as its own evaluation does, and with its faster, less careful ways (`fast`) as well. ratio: how many times as
fast ours is as its default.

    make bench B=extract
    make bench B=extract ARGS="-v"              a line for each page, worst first; none of trafilatura
    make bench B=extract ARGS="--rounds 5"

Needs the environment of `tools/deps.sh extract`, which it makes.
"""

import argparse
import collections
import gzip
import json
import os
import re
import subprocess
import time

from support import environment
from support.base import SHARED, TWIN

DATA = SHARED / "article-extraction"


def ours(*words):
    program = TWIN.parent / "bench/extract_score"
    env = {**os.environ, "TWIN_SHARED_DATA": str(DATA.parent)}
    return subprocess.run([program, *words], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def shingles(text, n=4):
    words = re.findall(r"\w+", text)
    n = min(n, len(words))
    return collections.Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1)) if n else collections.Counter()


def score(truth, texts):
    """Of the means of precision and recall."""
    precision = recall = 0.0
    for key, want in truth.items():
        a, b = shingles(want["articleBody"]), shingles(texts[key])
        hits = sum((a & b).values())
        precision += hits / sum(b.values()) if b else not a
        recall += hits / sum(a.values()) if a else not b
    return 2 * precision * recall / (precision + recall) / len(truth)


def theirs(truth, pages, **options):
    """The texts, and pages a second."""
    import trafilatura

    start = time.process_time()
    texts = {k: trafilatura.extract(pages[k], include_comments=False, url=truth[k].get("url"), **options) or "" for k in pages}
    return texts, len(pages) / (time.process_time() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    o = parser.parse_args()
    if o.verbose:
        print(ours("-v"), end="")
        return
    environment.enter("extract")
    truth = json.loads((DATA / "ground-truth.json").read_text())
    pages = {k: gzip.decompress((DATA / "html" / f"{k}.html.gz").read_bytes()) for k in truth}
    rates, lines = collections.defaultdict(list), []
    for _ in range(o.rounds):
        lines.append(ours())
        rates["ours"].append(float(re.search(r"pages_per_s=([\d.]+)", lines[-1])[1]))
        texts, rate = theirs(truth, pages)
        rates["trafilatura"].append(rate)
        rates["fast"].append(theirs(truth, pages, fast=True)[1])
    best = {k: max(v) for k, v in rates.items()}
    line = re.sub(r"pages_per_s=[\d.]+", f"pages_per_s={best['ours']:.0f}", lines[0].strip())
    print(f"{line} trafilatura_f1={score(truth, texts):.4f} trafilatura_pages_per_s={best['trafilatura']:.1f} "
          f"trafilatura_fast_pages_per_s={best['fast']:.1f} ratio={best['ours'] / best['trafilatura']:.1f}")


if __name__ == "__main__":
    main()
