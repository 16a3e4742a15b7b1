"""Folders of Org, reStructuredText, AsciiDoc, LaTeX, notebooks and subtitles, through the program."""

import json

import pytest

from exports import documents
from program import CONFIG as POSTS_CONFIG

CONFIG = POSTS_CONFIG.replace("path: posts", "path: writing")

FILES = {
    "ropes.org": "#+TITLE: How to coil a rope\n#+AUTHOR: Tess\n#+DATE: [2021-03-14 Sun]\n#+FILETAGS: :rope:boat:\n"
    "* TODO Coil it :work:\n:PROPERTIES:\n:ID: 1\n:END:\nCoil it with the lay, /never/ against it.\n# not to be read\n",
    "tea.rst": "How I make tea\n==============\n\n:Author: Tess\n:Date: 2020-02-03\n\n.. not to be read\n\nWarm the pot first, *then*::\n\n"
    "    two spoons\n\n.. note:: Milk goes in last.\n",
    "wheels.adoc": "= Truing a wheel\nTess Ter <tess@example.org>\n2019-05-06\n\n// not to be read\nPluck the *spokes* and listen.\n\n"
    "[source,sh]\n----\ntrue --wheel\n----\n",
    "paint.tex": "\\documentclass{article}\n\\title{Painting a boat}\n\\author{Tess}\n\\date{May 7, 2018}\n\\newcommand{\\coat}{thin coat}\n"
    "\\begin{document}\n\\maketitle\nSand along the grain % not to be read\nand give it a \\coat{} of $n_1$ layers.\n\\end{document}\n",
    "bread.ipynb": json.dumps({
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Bread without kneading\n", "\n", "Mix it at night."]},
            {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["bake(230)"],
             "outputs": [{"output_type": "stream", "name": "stdout", "text": ["not to be read"]}]},
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}}, "nbformat": 4, "nbformat_minor": 5,
    }),
}
SUBTITLES = "1\n00:00:01,000 --> 00:00:03,000\n<i>The dahlias</i> go black\n\n2\n00:00:03,000 --> 00:00:05,000\nin one night.\n"


def collect(twin, rc=0):
    r = twin("collect", "--json", rc=rc)
    twin.said = r.stderr
    return json.loads(r.stdout)["steps"][0]["outputs"]


@pytest.fixture
def folder(twin):
    twin.config(CONFIG)
    twin.write(FILES, "writing")
    return twin


def test_a_folder_yields_every_kind_by_itself(folder):
    assert collect(folder)["new"] == len(FILES)
    docs = documents(folder)
    assert {k: (d["title"], d["author"], d["media"]) for k, d in docs.items()} == {
        "ropes.org": ("How to coil a rope", "Tess", "text/markdown"),
        "tea.rst": ("How I make tea", "Tess", "text/markdown"),
        "wheels.adoc": ("Truing a wheel", "Tess Ter", "text/markdown"),
        "paint.tex": ("Painting a boat", "Tess", "text/markdown"),
        "bread.ipynb": ("Bread without kneading", docs["bread.ipynb"]["author"], "text/markdown"),
    }
    assert docs["ropes.org"]["body"].strip() == "# Coil it\n\nCoil it with the lay, *never* against it."
    assert docs["ropes.org"]["extra"] == {"tags": ["rope", "boat"]}
    assert docs["tea.rst"]["body"].strip() == (
        "# How I make tea\n\nWarm the pot first, *then*:\n\n```\ntwo spoons\n```\n\n**Note:** Milk goes in last.")
    assert docs["wheels.adoc"]["body"].strip() == "Pluck the **spokes** and listen.\n\n```sh\ntrue --wheel\n```"
    assert docs["paint.tex"]["body"].strip() == "Sand along the grain and give it a thin coat of $n_1$ layers."
    assert docs["bread.ipynb"]["body"].strip() == "# Bread without kneading\n\nMix it at night.\n\n```python\nbake(230)\n```"
    assert all("not to be read" not in d["body"] for d in docs.values())
    days = {k: docs[k]["created"][:10] for k in ("ropes.org", "tea.rst", "wheels.adoc", "paint.tex")}
    assert days == {"ropes.org": "2021-03-14", "tea.rst": "2020-02-03", "wheels.adoc": "2019-05-06", "paint.tex": "2018-05-07"}


def test_an_edit_is_a_revision_and_nothing_changed_is_nothing_done(folder):
    collect(folder)
    assert collect(folder)["unchanged"] == len(FILES)
    before = documents(folder)["ropes.org"]
    folder.write({"ropes.org": FILES["ropes.org"].replace("never", "not ever")}, "writing")
    assert collect(folder)["changed"] == 1
    after = documents(folder)["ropes.org"]
    assert (after["id"], after["revision"]) == (before["id"], before["revision"] + 1)
    assert "*not ever*" in after["body"]


def test_subtitles_are_taken_when_they_are_named(folder):
    folder.write({"frost.en.srt": SUBTITLES}, "writing")
    assert "frost.en.srt" not in (collect(folder) and documents(folder))
    folder.config(CONFIG.replace("    path: writing\n", '    path: writing\n    include: ["*.srt", "*.vtt"]\n'))
    collect(folder)
    talk = documents(folder)["frost.en.srt"]
    assert (talk["title"], talk["lang"], talk["body"].strip()) == ("Frost", "en", "The dahlias go black in one night.")


def test_a_broken_file_costs_that_file(folder):
    folder.write({"broken.ipynb": '{"cells": [', "macros.tex": "\\newcommand{\\x}[1]{y}\n", "empty.org": "# only a comment\n"}, "writing")
    out = collect(folder)
    assert (out["new"], out["skipped"]) == (len(FILES), 3)
    assert "broken.ipynb" in folder.said and "macros.tex" in folder.said


def test_features_are_computed_of_what_they_say(folder):
    folder.config(CONFIG.replace("checks: {min_words: 3}", "checks: {min_words: 2}"))
    collect(folder)
    folder("features")
    texts = " ".join(json.dumps(r) for r in folder.json("search", "coil with the lay"))
    assert "never against it" in texts
