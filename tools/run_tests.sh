#!/usr/bin/env bash
# Runs test programs and Python test files from the repository's root and adds
# up what they say. The last line is "N passed, N failed"; exit 1 on a failure.
# Skipped tests are counted on the line before, after a line for each reason. A
# reason that begins with "missing: " (models, a browser) is a failure with CI=true.
#
#	TWIN_BIN=build/release/twin tools/run_tests.sh build/release/tests/unit/base/test_err ...
#
# Each program gets a folder of its own in TWIN_TEST_TMP. One that was not
# built, crashes or hangs counts as a failure.
set -u
cd "$(dirname "$0")/.." || exit 1

top=$(mktemp -d "${TMPDIR:-/tmp}/twin-test.XXXXXX")
trap 'rm -rf "$top"' EXIT
passed=0
failed=0
skipped=0
TWIN_BIN=${TWIN_BIN:-build/release/twin}
[ "${TWIN_BIN#/}" != "$TWIN_BIN" ] || TWIN_BIN=$PWD/$TWIN_BIN
export TWIN_BIN
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1}"
export LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$PWD/tools/lsan.supp:print_suppressions=0}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=0:exitcode=66}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
limit=${TWIN_TEST_LIMIT_S:-600}

# number AFTER-PATTERN FILE: the sum of the counts on the lines that match.
sum() {
	sed -n "s/.*$1.*/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# note_skips NAME COUNT REASONS: REASONS is a file with a line for each. Sets `lacking` to how many are failures.
note_skips() {
	lacking=0
	[ "$2" -gt 0 ] || return 0
	skipped=$((skipped + $2))
	sort "$3" | uniq -c | while read -r n why; do
		echo "skip $1: $why ($n)"
	done >>"$top/skips"
	# Only `make test` fetches models and browser first.
	if [ "${CI:-}" = true ] && [ "${MODE:-release}" = release ]; then
		lacking=$(grep -c '^missing: ' "$3")
	fi
}

report() { # name ok bad log seconds
	passed=$((passed + $2))
	failed=$((failed + $3))
	if [ "$3" -gt 0 ]; then
		cat "$4"
		printf 'FAIL %s: %d passed, %d failed (%s s)\n' "$1" "$2" "$3" "$5"
	else
		printf 'ok   %s: %d passed (%s s)\n' "$1" "$2" "$5"
	fi
}

up_to_date() {
	"${MAKE:-make}" -q --no-print-directory MODE="${MODE:-release}" BUILD="${BUILD:-build}" "$@" >/dev/null 2>&1
}

# Was it linked from the sources of now? One that is older than sources that don't compile must not pass.
current() {
	[ -x "$1" ] || return 1
	[ "${1#tools/}" = "$1" ] || return 0
	[ -n "$all_current" ] || up_to_date "$1"
}

run_program() {
	local log=$top/log start=$SECONDS rc=0 ok bad
	if ! current "$1"; then
		echo "$1: was not built, or is older than sources that do not compile" >"$log"
		report "$1" 0 1 "$log" 0
		return
	fi
	export TWIN_TEST_TMP=$top/tmp
	rm -rf "$TWIN_TEST_TMP" && mkdir "$TWIN_TEST_TMP"
	timeout -k 5 "$limit" "$(realpath "$1")" >"$log" 2>&1 </dev/null || rc=$?
	ok=$(sum '\[  PASSED  \] \([0-9]*\) test' "$log")
	bad=$(sum '\[  FAILED  \][a-z: ]* \([0-9]*\) test' "$log")
	if [ "$ok" = 0 ] && [ "$bad" = 0 ] && ! grep -q '^\[==========\]' "$log"; then
		[ $rc = 0 ] && ok=1
	fi
	if [ $rc -ne 0 ] && [ "$bad" = 0 ]; then
		[ $rc = 124 ] && echo "$1: did not end within $limit s" >>"$log"
		[ $rc -gt 128 ] && echo "$1: ended by signal $((rc - 128))" >>"$log"
		bad=1
	fi
	sed -n 's/^skipped: //p' "$log" >"$top/reasons"
	note_skips "${1#*/tests/}" "$(sum '\[  SKIPPED \] \([0-9]*\) test' "$log")" "$top/reasons"
	report "${1#*/tests/}" "$ok" $((bad + lacking)) "$log" $((SECONDS - start))
}

run_python() { # all files in one pytest
	local log=$top/log start=$SECONDS rc=0 ok bad py
	py=$(tools/deps.sh python) || py=
	export TWIN_TEST_TMP=$top/tmp
	rm -rf "$TWIN_TEST_TMP" && mkdir "$TWIN_TEST_TMP"
	"${py:-python3}" -m pytest -q -rs -p no:cacheprovider --basetemp="$TWIN_TEST_TMP/pytest" "$@" 2>&1 </dev/null | tee "$log"
	rc=${PIPESTATUS[0]}
	ok=$(tail -n 1 "$log" | grep -oE '[0-9]+ passed' | awk '{ n += $1 } END { print n + 0 }')
	bad=$(tail -n 1 "$log" | grep -oE '[0-9]+ (failed|error)' | awk '{ n += $1 } END { print n + 0 }')
	[ "$rc" -ne 0 ] && [ "$bad" = 0 ] && bad=1
	# "SKIPPED [2] tests/web/test_page.py:15: reason", a line for each place
	sed -n 's/^SKIPPED \[\([0-9]*\)\] [^ ]*: /\1 /p' "$log" |
		awk '{ n = $1; sub(/^[0-9]+ /, ""); while (n-- > 0) print }' >"$top/reasons"
	note_skips pytest "$(wc -l <"$top/reasons")" "$top/reasons"
	: >"$log"
	report "pytest" "$ok" $((bad + lacking)) "$log" $((SECONDS - start))
}

all_current=
programs=()
for t in "$@"; do
	case $t in
	*.py | tools/*) ;;
	*) programs+=("$t") ;;
	esac
done
if [ ${#programs[@]} -gt 0 ] && up_to_date "${programs[@]}"; then
	all_current=1
fi

python=()
for t in "$@"; do
	case $t in
	*.py) python+=("$t") ;;
	*) run_program "$t" ;;
	esac
done
[ ${#python[@]} -gt 0 ] && run_python "${python[@]}"

if [ "$skipped" -gt 0 ]; then
	cat "$top/skips"
	echo "$skipped skipped"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
