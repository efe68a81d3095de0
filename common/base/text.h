/*
 * text.h - addresses, prefixes, MACs and durations to and from text.
 *
 * Parsing is strict: no white space, nothing behind the value. All parsers
 * return 0, or -EINVAL and leave *ret_x alone.
 *
 * Layer: base.
 */
#pragma once

#include "common/wire/ip6.h"
#include "common/wire/nd.h"

#define TEXT_ADDR_MAX 46
#define TEXT_PREFIX_MAX 50
#define TEXT_MAC_MAX 18

/* Each writes to buf and returns it. */
const char *text_addr(const struct in6_addr *a, char buf[static TEXT_ADDR_MAX]);
const char *text_prefix(const struct ip6_prefix *p, char buf[static TEXT_PREFIX_MAX]);
const char *text_mac(const struct nd_mac *m, char buf[static TEXT_MAC_MAX]);

int text_to_addr(const char *s, struct in6_addr *ret_addr);
/*
 * -ERANGE instead of -EINVAL if host bits are set, with the prefix that was probably
 * meant in *ret_prefix: the caller wants to say so.
 */
int text_to_prefix(const char *s, struct ip6_prefix *ret_prefix);
int text_to_mac(const char *s, struct nd_mac *ret_mac);

/*
 * A duration with its unit: "250ms", "10s", "4m", "2h", "1d"; a bare number has
 * no unit and is refused, except 0. Milliseconds out. -ERANGE on overflow.
 */
int text_to_ms(const char *s, int64_t *ret_ms);
/* The shortest exact form: 90000 is "90s", 120000 is "2m", 0 is "0". */
const char *text_ms(int64_t ms, char buf[static 32]);
/* A moment, "1700000000" or "1700000000.123456": microseconds of unix time out. */
int text_to_unix_us(const char *s, int64_t *ret_us);
/* Whole decimal numbers only. -ERANGE outside min..max. */
int text_to_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret_n);
