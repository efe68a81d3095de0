#!/bin/sh
# The golden configurations of had: see common/base/conf-golden.sh.
exec "${srcdir:-.}/common/base/conf-golden.sh" had "$@"
