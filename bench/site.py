"""
A site of 10,000 generated pages on loopback, crawled without a pause: documents a second and peak memory of the first pass, of
a second one in which nothing has changed (each page answers 304), and of one that is killed halfway and goes on: with a pause of a
millisecond, since a crawl without any stores ten times a second, and one with a pause before each request. Says how many pages
were asked for twice over the kill. The server is Python, and shares the machine.

    make bench B=site ARGS="--pages 10000"
"""

import argparse
import asyncio
import json
import multiprocessing
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from support.base import TWIN

ON_A_LIST = 100
WORDS = """wind boat rope wheel bread frost saw clock paint garden harbour letter winter morning kitchen bicycle road river
stone lamp table window story promise weather neighbour market bridge""".split()


def text(i):
    r = random.Random(i)
    return "".join(
        "<p>" + " ".join(r.choice(WORDS) for _ in range(90)).capitalize() + f", and that was day {i}.</p>" for _ in range(6)
    )


def page(i, pages):
    """The page of this number, some 5 kB."""
    near = "".join(f'<a href="/p{j}">Day {j}</a> ' for j in (i - 1, i + 1) if 0 <= j < pages)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Day {i}</title><meta property="og:type" '
        f'content="article"><meta property="article:published_time" content="2021-03-14"></head><body><header><nav>'
        f'<a href="/">Home</a> <a href="/list0">All</a></nav></header><main><article><h1>Day {i}</h1>{text(i)}</article>'
        f"</main><footer>{near}</footer></body></html>"
    )


def listing(i, pages):
    last = (pages - 1) // ON_A_LIST
    items = "".join(f'<li><a href="/p{j}">Day {j}</a></li>' for j in range(i * ON_A_LIST, min(pages, (i + 1) * ON_A_LIST)))
    more = f'<a href="/list{i + 1}">older</a>' if i < last else ""
    return f"<!doctype html><html><head><title>All, {i}</title></head><body><ul>{items}</ul>{more}</body></html>"


def content(path, pages):
    if path == "/":
        return listing(0, pages)
    number = path.lstrip("/plist")
    if not number.isdigit():
        return None
    return listing(int(number), pages) if path.startswith("/list") else page(int(number), pages)


async def answer(reader, writer, pages, asked):
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode()
            body = content(path, pages)
            with asked.get_lock():
                asked[0] += body is not None
                asked[1] += b"If-None-Match" in head
            status, data, etag = 200, (body or "").encode(), f'ETag: "{path}"\r\n'
            if body is None:
                status, etag = 404, ""
            elif b"If-None-Match" in head:
                status, data = 304, b""
            writer.write(
                f"HTTP/1.1 {status} x\r\nContent-Type: text/html; charset=utf-8\r\n{etag}Content-Length: {len(data)}\r\n\r\n".encode()
                + data
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def serve(pages, port, asked):
    async def run():
        server = await asyncio.start_server(lambda r, w: answer(r, w, pages, asked), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


def collect(folder):
    """(seconds, step)"""
    began = time.monotonic()
    r = subprocess.run([TWIN, "-C", folder, "-q", "collect", "--json"], capture_output=True, text=True)
    if r.returncode != 0:
        sys.exit(r.stderr)
    return time.monotonic() - began, json.loads(r.stdout)["steps"][0]


def configure(folder, port, pages, delay=0):
    pathlib.Path(folder, "twin.yaml").write_text(
        f"twin: Ann\nsources:\n  - {{type: site, url: 'http://127.0.0.1:{port}/', allow_private: true, delay: {delay}, "
        f"max_pages: {2 * pages}, max_depth: 1000}}\n"
    )


def killed_at(folder, asked, count):
    """Kills a crawl when so many pages were asked for."""
    process = subprocess.Popen([TWIN, "-C", folder, "-q", "collect"], stderr=subprocess.DEVNULL)
    while asked[0] < count and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pages", type=int, default=10000)
    pages = p.parse_args().pages
    requests = pages + (pages + ON_A_LIST - 1) // ON_A_LIST + 1  # with the lists and the front page
    port, asked = multiprocessing.Value("i"), multiprocessing.Array("l", 2)
    server = multiprocessing.Process(target=serve, args=(pages, port, asked), daemon=True)
    server.start()
    while not port.value:
        time.sleep(0.01)
    with tempfile.TemporaryDirectory() as folder:
        configure(folder, port.value, pages)
        first_s, first = collect(folder)
        assert first["outputs"]["new"] == pages and asked[0] == requests, (first, asked[0], requests)
        asked[0] = asked[1] = 0
        again_s, again = collect(folder)
        assert again["outputs"]["unchanged"] == pages and asked[1] == requests, (again, asked[1])
        state = sum(f.stat().st_size for f in pathlib.Path(folder, ".twin").glob("features.db*"))
    with tempfile.TemporaryDirectory() as folder:
        configure(folder, port.value, pages, delay=0.001)
        asked[0] = 0
        killed_at(folder, asked, requests // 2)
        rest_s, rest = collect(folder)
        twice = asked[0] - requests
        assert rest["outputs"]["new"] + rest["outputs"]["unchanged"] == pages
    server.terminate()
    peak = max(s["peak_bytes"] for s in (first, again, rest)) / 1e6
    print(f"{'first pass':24}{first_s:7.1f} s {pages / first_s:8.0f} documents/s {first['peak_bytes'] / 1e6:6.0f} MB")
    print(f"{'nothing changed':24}{again_s:7.1f} s {pages / again_s:8.0f} documents/s {again['peak_bytes'] / 1e6:6.0f} MB")
    print(f"{'after a kill halfway':24}{rest_s:7.1f} s {'':20} {rest['peak_bytes'] / 1e6:6.0f} MB, {twice} pages asked for again")
    print(
        f"site: pages={pages} documents_s={pages / first_s:.0f} unchanged_s={pages / again_s:.0f} peak_mb={peak:.0f} "
        f"store_mb={state / 1e6:.0f} twice={twice}"
    )


if __name__ == "__main__":
    main()
