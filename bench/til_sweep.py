"""
Which rank, learning rate and number of epochs suit one author's short posts (github.com/jbranchaud/til): fine-tunes once for
each combination and prints the loss on held-out answers, and with --titles the style distance of answers to held-out titles
(see til.py). The training examples are the same in all of them.

    make bench B=til_sweep ARGS="--work /tmp/til --ranks 8,16,32 --rates 2e-4,5e-4,1e-3 --steps 100"
    make bench B=til_sweep ARGS="--work /tmp/til --epochs 1,2 --titles 100"

With --work the folder stays: what is up to date in it is not done again.
"""

import argparse
import itertools
import pathlib
import tempfile
import types

import til


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=pathlib.Path, default=til.SHARED / "jbranchaud-til")
    p.add_argument("--work", type=pathlib.Path, help="folder of the twin; default: a temporary one")
    p.add_argument("--ranks", default="16")
    p.add_argument("--rates", default="5e-4")
    p.add_argument("--epochs", default="1")
    p.add_argument("--steps", type=int, default=0, help="of each training, and of its schedule; 0: whole epochs")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of twin.yaml, for all")
    p.add_argument("--titles", type=int, default=0, help="held-out titles that are answered")
    p.add_argument("--tokens", type=int, default=96, help="length of each answer")
    p.add_argument("--score", type=int, default=248, help="held-out answers for the loss")
    return p.parse_args()


def sweep(o, folder):
    twin = til.Til(folder, types.SimpleNamespace(corpus=o.corpus, llm=None, documents=0, share=0, grounded=0.5, rank=16,
                                                 titles=o.titles, tokens=o.tokens, score=o.score))
    data = twin.prepare()
    print(f"{data['train']} examples, {o.score} held-out answers", flush=True)
    rows = {}
    for rank, rate, epochs in itertools.product(*(x.split(",") for x in (o.ranks, o.rates, o.epochs))):
        name = f"r{rank} {rate} x{epochs}"
        rows[name] = twin.train("sft", [f"training.rank={rank}", f"training.alpha={2 * int(rank)}", f"training.epochs={epochs}",
                                        f"training.learning_rate={rate}", f"training.max_steps={o.steps}", *o.set])
        print(f"{name}: {rows[name]['seconds']:.0f} s, test loss {rows[name]['test_loss']:.4f}", flush=True)
    return rows


def main():
    o = options()
    with tempfile.TemporaryDirectory() as folder:
        rows = sweep(o, o.work or pathlib.Path(folder) / "twin")
    print()
    til.table(rows)
    best = min(rows, key=lambda name: rows[name]["test_loss"])
    first = next(iter(rows.values()))
    print(f"\ntil_sweep: runs={len(rows)} base={first['test_loss_base']:.4f} best={rows[best]['test_loss']:.4f} at={best.replace(' ', ',')}")


if __name__ == "__main__":
    main()
