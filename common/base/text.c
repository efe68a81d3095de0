/* text.c - see text.h. */
#include "common/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/base/base.h"

const char *
text_addr(const struct in6_addr *a, char buf[static TEXT_ADDR_MAX])
{
	return inet_ntop(AF_INET6, a, buf, TEXT_ADDR_MAX);
}

const char *
text_prefix(const struct ip6_prefix *p, char buf[static TEXT_PREFIX_MAX])
{
	char addr[TEXT_ADDR_MAX];

	snprintf(buf, TEXT_PREFIX_MAX, "%s/%u", text_addr(&p->addr, addr), p->len);
	return buf;
}

const char *
text_mac(const struct nd_mac *m, char buf[static TEXT_MAC_MAX])
{
	snprintf(buf, TEXT_MAC_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2],
	    m->b[3], m->b[4], m->b[5]);
	return buf;
}

int
text_to_addr(const char *s, struct in6_addr *ret_addr)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, s, &a) != 1)
		return -EINVAL;
	*ret_addr = a;
	return 0;
}

/* Zero every bit behind the length. */
static void
mask(struct ip6_prefix *p)
{
	size_t whole = p->len / 8u;

	if (whole == sizeof(p->addr))
		return;
	p->addr.s6_addr[whole] &= (uint8_t) ~(0xffu >> p->len % 8u);
	memset(p->addr.s6_addr + whole + 1, 0, sizeof(p->addr) - whole - 1);
}

int
text_to_prefix(const char *s, struct ip6_prefix *ret_prefix)
{
	const char *slash = strchr(s, '/');
	char addr[TEXT_ADDR_MAX];
	struct ip6_prefix p = { .len = 0 };
	struct in6_addr written;
	uint32_t len;

	if (!slash || (size_t)(slash - s) >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	if (text_to_addr(addr, &p.addr) < 0 || text_to_u32(slash + 1, 0, 128, &len) < 0)
		return -EINVAL;
	p.len = (uint8_t)len;
	written = p.addr;
	mask(&p);
	*ret_prefix = p;
	return memcmp(&written, &p.addr, sizeof(written)) == 0 ? 0 : -ERANGE;
}

/* 0..15, or -1. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_to_mac(const char *s, struct nd_mac *ret_mac)
{
	struct nd_mac m;

	for (size_t i = 0; i < sizeof(m.b); i++, s += 3) {
		int high = hex_digit(s[0]);
		int low = high < 0 ? -1 : hex_digit(s[1]);

		if (low < 0 || s[2] != (i + 1 < sizeof(m.b) ? ':' : '\0'))
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret_mac = m;
	return 0;
}

/* The digits at *s, which is moved behind them. -EINVAL if none, -ERANGE over INT64_MAX. */
static int
get_digits(const char **s, int64_t *ret_n)
{
	int64_t n = 0;

	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, **s - '0', &n))
			return -ERANGE;
	*ret_n = n;
	return 0;
}

/* Longest first: text_ms takes the first that divides. */
static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "d", 24 * 3600 * 1000 },
	{ "h", 3600 * 1000 },
	{ "m", 60 * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

int
text_to_ms(const char *s, int64_t *ret_ms)
{
	int64_t n, ms;
	int r = get_digits(&s, &n);

	if (r < 0)
		return r;
	if (n == 0 && *s == '\0') {
		*ret_ms = 0;
		return 0;
	}
	for (size_t i = 0; i < countof(units); i++) {
		if (strcmp(s, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(n, units[i].ms, &ms))
			return -ERANGE;
		*ret_ms = ms;
		return 0;
	}
	return -EINVAL;
}

const char *
text_ms(int64_t ms, char buf[static 32])
{
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	snprintf(buf, 32, "%" PRId64 "%s", ms / units[i].ms, ms == 0 ? "" : units[i].name);
	return buf;
}

int
text_to_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret_n)
{
	int64_t n;
	int r = get_digits(&s, &n);

	if (r == -EINVAL)
		return r;
	if (r == 0 && *s != '\0')
		return -EINVAL;
	if (r < 0 || n < min || n > max)
		return -ERANGE;
	*ret_n = (uint32_t)n;
	return 0;
}

int
text_to_unix_us(const char *s, int64_t *ret_us)
{
	int64_t us, unit = 100000;
	int r = get_digits(&s, &us);

	if (r < 0)
		return r;
	if (us > INT64_MAX / 2000000)
		return -ERANGE;
	us *= 1000000;
	if (*s == '.' && s[1] != '\0')
		for (s++; *s >= '0' && *s <= '9' && unit > 0; s++, unit /= 10)
			us += (*s - '0') * unit;
	if (*s != '\0')
		return -EINVAL;
	*ret_us = us;
	return 0;
}
