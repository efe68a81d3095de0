#!/bin/sh
# What is thought links with nothing of the world, and the check that says so can
# say otherwise. Run by make check in the build directory.
set -eu
check=${srcdir:-.}/common/base/check-core.sh

$check libwire .libs/libwire.a
$check libbase .libs/libbase.a
$check libcore-mr .libs/libcore-mr.a
$check libcore-ha .libs/libcore-ha.a

if $check libconf .libs/libconf.a 2>/dev/null; then
	echo "check-core.sh takes libconf, which reads files and a clock, for a core" >&2
	exit 1
fi
