/*
 * wire_test.h - what the tests of this directory share.
 *
 * Layer: tests only.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/ip6.h"

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
/* A test whose printed name begins with the requirements it stands for. */
#define T(f, rows) { rows " " #f, f, NULL, NULL, NULL }

/* An address as an initialiser. */
#define ADDR(...) { .s6_addr = { __VA_ARGS__ } }
/* clang-format on */

/* The cast of the vectors. */
#define HOME_AGENT ADDR(0x20, 0x01, 0x0d, 0xb8, 0x01, [15] = 0x01)
#define HOME_AGENT_2 ADDR(0x20, 0x01, 0x0d, 0xb8, 0x01, [15] = 0x02)
#define HOME_ADDRESS ADDR(0x20, 0x01, 0x0d, 0xb8, 0x01, [15] = 0x0a)
#define CARE_OF ADDR(0x20, 0x01, 0x0d, 0xb8, 0x00, 0x02, [15] = 0x10)
#define MNP1 ADDR(0x20, 0x01, 0x0d, 0xb8, 0x02, 0x00, 0x00, 0x01)
#define MNP2 ADDR(0x20, 0x01, 0x0d, 0xb8, 0x02, 0x00, 0x00, 0x02)

/* An assertion about one row of a table; what is the sentence of that row. */
#define assert_row(what, condition)                                       \
	do {                                                              \
		if (!(condition))                                         \
			fail_msg("\"%s\": not so: %s", what, #condition); \
	} while (0)

static inline struct in6_addr
addr(const char *text)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, text, &a) != 1)
		fail_msg("not an address: %s", text);
	return a;
}

/* The octets that a line of hex digits means; spaces separate, # ends. */
static inline size_t
hex_octets(const char *line, uint8_t *p, size_t max)
{
	char pair[3] = "";
	size_t digits = 0;

	for (; *line && *line != '#'; line++) {
		if (!isxdigit((unsigned char)*line))
			continue;
		pair[digits++ % 2] = *line;
		if (digits % 2)
			continue;
		assert_true(digits / 2 <= max);
		p[digits / 2 - 1] = (uint8_t)strtoul(pair, NULL, 16);
	}
	assert_int_equal(digits % 2, 0);
	return digits / 2;
}

/* Read vectors/NAME.hex; returns its octets. WIRE_DIR is this directory in the source. */
static inline size_t
vector_load(const char *name, uint8_t *p, size_t max)
{
	char line[512];
	size_t n = 0;
	FILE *f;

	snprintf(line, sizeof(line), "%s/vectors/%s.hex", WIRE_DIR, name);
	f = fopen(line, "r");
	if (!f)
		fail_msg("cannot open %s", line);
	while (fgets(line, sizeof(line), f))
		n += hex_octets(line, p + n, max - n);
	fclose(f);
	return n;
}
