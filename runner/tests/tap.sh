# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests that are scripts: check NAME COMMAND... prints a TAP line, tap_end the plan. $work is a
# folder that goes at the end.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tap_n=0
tap_failed=0

check() {
	local name=$1 word=ok

	shift
	tap_n=$((tap_n + 1))
	if ! "$@" >"$work/.said" 2>&1; then
		word="not ok"
		tap_failed=1
	fi
	echo "$word $tap_n - $name"
	if [ "$word" != ok ]; then sed 's/^/# /' "$work/.said"; fi
}

# same FOUND EXPECTED
same() {
	if [ "$1" = "$2" ]; then return 0; fi
	printf 'expected: %s\nfound:    %s\n' "$2" "$1"
	return 1
}

tap_end() {
	echo "1..$tap_n"
	exit $tap_failed
}
