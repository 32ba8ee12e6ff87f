#!/bin/sh
# All checks that do not run npsd. BUILD is a configured build tree; the trees of the warning checks lie in it.
# Prints each breach; exits with 1 if there is one.
set -eu
BUILD=${1:?usage: lint.sh BUILD}
bad=0

say() { printf '== %s\n' "$*"; }
fail() { printf 'lint: %s\n' "$*"; bad=1; }
files() { git ls-files -- "$@"; }

say "format"
files '*.c' '*.h' '*.cc' | xargs clang-format-14 --dry-run -Werror || fail "format: run ./dev format"

say "house rules"
python3 tests/lint/rules.py || fail "house rules"

say "contract"
python3 tests/lint/contract.py || fail "docs/contract.md and tests/contract.tsv"

say "commands"
python3 tests/lint/commands.py || fail "src/tbl/commands.def"

say "shell"
files '*.sh' dev .ci/run | xargs shellcheck || fail "shellcheck"

say "python"
files '*.py' | xargs python3 -m py_compile || fail "python"

# warnings CC CXX: builds everything in a separate tree, with warnings as errors
warnings() {
	say "warnings of $1"
	dir=$BUILD/lint-$1
	CC=$1 CXX=$2 cmake -S . -B "$dir" -G Ninja -DNPSD_WERROR=ON -DCMAKE_BUILD_TYPE=Release >/dev/null
	cmake --build "$dir" >"$dir/log" 2>&1 || { tail -n 40 "$dir/log"; fail "$1 warns"; }
}
# If BUILD itself was built with gcc and warnings as errors, as ./dev test does, it need not be built again.
grep -q '^NPSD_WERROR:BOOL=ON' "$BUILD/CMakeCache.txt" || warnings gcc g++
warnings clang-14 clang++-14

say "structure"
python3 tests/lint/structure.py "$BUILD/lint-clang-14" || fail "structure"

say "cppcheck"
files 'src/*.c' 'tests/*.c' 'bench/*.c' | xargs cppcheck --quiet --std=c11 --language=c --inline-suppr --error-exitcode=1 \
	--suppressions-list=tests/lint/cppcheck.txt --enable=warning,performance,portability -Iinclude -Isrc -j 2 ||
	fail "cppcheck"

say "clang-tidy"
files 'src/*.c' | xargs -n 4 -P 2 clang-tidy-14 --quiet --warnings-as-errors='*' -p "$BUILD/lint-clang-14" \
	2>/dev/null || fail "clang-tidy"

[ $bad -eq 0 ] || exit 1
say "no breach"
