#!/bin/sh
# check-core.sh NAME OBJECT... - the codec, the base and the cores reach for nothing
# but memory and text: no clock, socket, file, random number or log.
#
# Lists what the objects still want, takes away what they define themselves (so a
# core is given together with the objects of the layers below it), and complains
# about the rest. Names that hardening and the sanitizers put in for the short list
# are taken as the function they stand for.
set -eu
name=$1
shift
[ $# -gt 0 ] || { echo "check-core: $name: no objects" >&2; exit 1; }

allowed='malloc|calloc|realloc|free|mem[a-z]+|bcmp|stpcpy|str(len|nlen|cmp|ncmp|chr|rchr|spn|cspn|pbrk|str|tok_r|dup|ndup|cat|ncat|cpy|ncpy)|v?snprintf|qsort|bsearch|inet_ntop|inet_pton|in6addr_(any|loopback)'
allowed="$allowed|__errno_location|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_"
allowed="$allowed|__(asan|ubsan|sanitizer|sancov)_[a-z0-9_]*|_Unwind_Resume"

defined=$(mktemp)
trap 'rm -f "$defined"' EXIT
nm -P --defined-only "$@" | awk 'NF >= 2 { print $1 }' | sort -u >"$defined"

bad=$(nm -P --undefined-only "$@" | awk '$2 == "U" { print $1 }' | sort -u |
    grep -Fvx -f "$defined" | sed -E 's/^__(isoc[0-9]+_)?([a-z_0-9]+)_chk$/\2/' |
    grep -Evx "$allowed" || true)
[ -z "$bad" ] && exit 0
for symbol in $bad; do
	for object in "$@"; do
		nm -P --undefined-only "$object" | grep -Eq "^(__)?$symbol(_chk)? U" &&
		    echo "check-core: $name: $object reaches outside: $symbol" >&2
	done
done
exit 1
