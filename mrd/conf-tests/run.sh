#!/bin/sh
# Each NN.in is a configuration: with NN.ok, `mrd -nv` prints exactly that, and that
# again from what it printed; with NN.err, it says exactly that and ends with 1.
# The example in etc/ is valid. `run.sh --write` makes the expected files anew.
set -u
mrd=$(pwd)/mrd/mrd
top=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$top/mrd/conf-tests" || exit 1
failed=0

complain() {
	echo "FAIL: $*"
	failed=1
}

# The run-time directory is the builder's choice.
normal_form() {
	"$mrd" -nv -f "$1" >"$out/text" 2>"$out/err"
	status=$?
	sed 's@"[^"]*/mrd/\(mrd.ctl\|state\)"$@"RUNSTATEDIR/mrd/\1"@' "$out/text" >"$out/ok"
	return $status
}

for in in *.in; do
	name=${in%.in}
	normal_form "$in"
	status=$?
	if [ "${1-}" = --write ]; then
		[ $status -eq 0 ] && cp "$out/ok" "$name.ok" || cp "$out/err" "$name.err"
	elif [ -e "$name.ok" ]; then
		[ $status -eq 0 ] || complain "$in ends with $status: $(cat "$out/err")"
		diff -u "$name.ok" "$out/ok" || complain "$in prints something else"
		cp "$out/text" "$out/again.conf"
		normal_form "$out/again.conf" && cmp -s "$out/text" "$out/again.conf" ||
			complain "$in: its normal form is not its own normal form"
	else
		[ $status -eq 1 ] || complain "$in ends with $status, not 1"
		diff -u "$name.err" "$out/err" || complain "$in says something else"
		[ ! -s "$out/text" ] || complain "$in prints a normal form beside its errors"
	fi
	"$mrd" -n -f "$in" >/dev/null 2>&1
	[ $? -eq $status ] || complain "$in: -n and -nv do not agree"
done

"$mrd" -n -f "$top/etc/mrd.conf.example" || complain "etc/mrd.conf.example is not valid"
exit $failed
