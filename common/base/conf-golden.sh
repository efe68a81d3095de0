#!/bin/sh
# conf-golden.sh had|mrd [--write] - does the daemon read configurations as its golden files say?
#
# Each NN.in in DAEMON/conf-tests is a configuration: with NN.ok, `DAEMON -nv` prints exactly
# that, and that again from what it printed; with NN.err, it says exactly that and ends with 1.
# The example in etc/ is valid. --write makes the expected files anew.
set -u
name=$1
daemon=$(pwd)/$name/$name
top=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$top/$name/conf-tests" || exit 1
failed=0

complain() {
	echo "FAIL: $*"
	failed=1
}

# The run-time directory is the builder's choice.
normal_form() {
	"$daemon" -nv -f "$1" >"$out/text" 2>"$out/err"
	status=$?
	sed "s@\"[^\"]*/$name/\($name\.ctl\|state\)\"@\"RUNSTATEDIR/$name/\1\"@" "$out/text" >"$out/ok"
	return $status
}

for in in *.in; do
	case=${in%.in}
	normal_form "$in"
	status=$?
	if [ "${2-}" = --write ]; then
		[ $status -eq 0 ] && cp "$out/ok" "$case.ok" || cp "$out/err" "$case.err"
	elif [ -e "$case.ok" ]; then
		[ $status -eq 0 ] || complain "$in ends with $status: $(cat "$out/err")"
		diff -u "$case.ok" "$out/ok" || complain "$in prints something else"
		cp "$out/text" "$out/again.conf"
		normal_form "$out/again.conf" && cmp -s "$out/text" "$out/again.conf" ||
			complain "$in: its normal form is not its own normal form"
	else
		[ $status -eq 1 ] || complain "$in ends with $status, not 1"
		diff -u "$case.err" "$out/err" || complain "$in says something else"
		[ ! -s "$out/text" ] || complain "$in prints a normal form beside its errors"
	fi
	"$daemon" -n -f "$in" >/dev/null 2>&1
	[ $? -eq $status ] || complain "$in: -n and -nv do not agree"
done

"$daemon" -n -f "$top/etc/$name.conf.example" || complain "etc/$name.conf.example is not valid"
exit $failed
