"""The check of the layers finds what it is there to find."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

TABLE = """# Architecture
```include-table
base:
core: base
store: core base
llm: core base
serve: core base

sqlite3.h: store/*sqlite*
```
"""


def findings(tmp_path, files):
    """What the check says of a tree with these files; '' when it is content."""
    files = {"docs/architecture.md": TABLE, "src/base/err.h": "", "src/core/row.h": "", **files}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    r = subprocess.run([ROOT / "tools/check_layers", tmp_path], capture_output=True, text=True)
    assert r.stderr == ""
    assert r.returncode == (1 if r.stdout else 0)
    return r.stdout


def test_allowed_arrows_pass(tmp_path):
    assert not findings(
        tmp_path,
        {
            "src/core/row.c": '#include "base/err.h"\n#include "core/row.h"\n#include <stdio.h>\n#include <sys/stat.h>\n',
            "src/store/sqlite.c": '#include "core/row.h"\n#include <sqlite3.h>\n',
        },
    )


def test_two_folders_may_not_give_the_same_name(tmp_path):
    function = "enum tw_status tw_put(int a,\n\t\tint b)\n{\n}\n"
    table = "const struct tw_opt tw_opts[] = {\n\t{0},\n};\n"
    hidden = "static void put(void)\n{\n}\n\nstatic const int opts[] = {0};\n"
    declared = "enum tw_status tw_put(int a, int b);\n"
    # in one folder, one file may take another's place
    files = {"src/store/a.c": function + table + hidden, "src/store/b.c": function, "src/llm/a.c": declared + hidden}
    assert not findings(tmp_path, files)
    said = findings(tmp_path, {"src/serve/a.c": "\n" + function + table}).splitlines()
    assert said == [
        "src/store/a.c:3: tw_put is in src/serve/a.c too",
        "src/store/a.c:5: tw_opts is in src/serve/a.c too",
        "src/store/b.c:3: tw_put is in src/serve/a.c too",
    ]


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("src/base/x.c", '#include "core/row.h"', "src/base/x.c:1: base may not include core"),
        ("src/llm/x.c", '\n#include "store/s.h"', "src/llm/x.c:2: llm may not include store"),
        ("src/llm/x.c", '  #  include   "store/s.h"', "llm may not include store"),
        ("src/llm/x.c", "#include <sqlite3.h>", "may only be included in store/*sqlite*"),
        ("src/llm/x.cu", "#include <sqlite3.h>", "src/llm/x.cu:1: <sqlite3.h> may only be included in"),
        ("src/llm/x.cuh", "\n" * 151, "151 lines, at most 150"),
        ("src/store/blob.c", '#include "sqlite3.h"', "may only be included in store/*sqlite*"),
        ("src/store/x.c", '#include "core/core_int.h"', "core/core_int.h is private to core"),
        ("src/store/x.c", "#include <zlib.h>", "zlib.h is neither in src/ nor in the include-table"),
        ("src/store/x.c", '#include "absent.h"', "absent.h is neither"),
        ("src/extra/x.c", "", "the folder extra is not in the include-table"),
        ("src/base/x.c", "\n" * 801, "src/base/x.c:801: 801 lines, at most 800"),
        ("src/base/x.h", "\n" * 151, "151 lines, at most 150"),
        ("src/base/x.c", "void f(void)\n{\n" + "\t;\n" * 121 + "}\n", "src/base/x.c:2: a function of 121 lines"),
    ],
)
def test_findings(tmp_path, name, text, expected):
    said = findings(tmp_path, {"src/store/s.h": "", "src/core/core_int.h": "", name: text})
    assert expected in said
