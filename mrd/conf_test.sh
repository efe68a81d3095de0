#!/bin/sh
# The golden configurations of mrd: see common/base/conf-golden.sh.
exec "${srcdir:-.}/common/base/conf-golden.sh" mrd "$@"
