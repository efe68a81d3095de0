/*
 * mr_test.h - what the tests of this directory share. A test's printed name begins
 * with the requirement rows that it proves.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/mono.h"
#include "common/base/text.h"

#define TEST(rows, fn)                                \
	{                                             \
		.name = rows " " #fn, .test_func = fn \
	}

#define T0_UNIX_MS 1700000000000

/* That many milliseconds after the beginning, by both clocks. */
static inline struct tick
at_ms(int64_t ms)
{
	return (struct tick){ .now = { 1000000 + ms }, .unix_ms = T0_UNIX_MS + ms };
}

static inline struct in6_addr
addr_of(const char *text)
{
	struct in6_addr a;

	assert_int_equal(text_to_addr(text, &a), 0);
	return a;
}

static inline struct ip6_prefix
prefix_of(const char *text)
{
	struct ip6_prefix p;

	assert_int_equal(text_to_prefix(text, &p), 0);
	return p;
}

static inline struct nd_mac
mac_of(const char *text)
{
	struct nd_mac m;

	assert_int_equal(text_to_mac(text, &m), 0);
	return m;
}
