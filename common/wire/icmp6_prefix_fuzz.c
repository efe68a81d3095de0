/* icmp6_prefix_fuzz.c - mobile prefix discovery: decode, encode, decode is the identity. */
#include "common/wire/fuzz.h"

#include "common/wire/icmp6.h"

static const struct in6_addr src = { .s6_addr = { 0x20, 0x01, [15] = 1 } };
static const struct in6_addr dst = { .s6_addr = { 0x20, 0x01, [15] = 2 } };

static void
solicitation(const uint8_t *data, size_t size)
{
	uint8_t message[64];
	struct wire_reader r = { .base = data, .len = size };
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct icmp6_mps first, second;

	if (icmp6_mps_get(&r, &first) < 0)
		return;
	must(icmp6_mps_put(&w, &first, &src, &dst) == 0);
	must(ip6_checksum(&src, &dst, IP6_ICMP6, message, w.pos) == 0);
	r = (struct wire_reader){ .base = message, .len = w.pos };
	must(icmp6_mps_get(&r, &second) == 0);
	must(first.id == second.id);
}

static void
advertisement(const uint8_t *data, size_t size)
{
	static uint8_t message[IP6_MIN_MTU];
	struct wire_reader r = { .base = data, .len = size };
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct icmp6_mpa first, second;

	if (icmp6_mpa_get(&r, &first) < 0)
		return;
	must(first.n <= ICMP6_PREFIXES_MAX);
	must(icmp6_mpa_put(&w, &first, &src, &dst) == 0);
	must(w.pos + 24 + IP6_HEADER_OCTETS <= IP6_MIN_MTU);
	must(ip6_checksum(&src, &dst, IP6_ICMP6, message, w.pos) == 0);
	r = (struct wire_reader){ .base = message, .len = w.pos };
	must(icmp6_mpa_get(&r, &second) == 0);
	must(first.id == second.id && first.flags == second.flags && first.n == second.n);
	for (uint8_t i = 0; i < first.n; i++) {
		const struct nd_prefix *a = &first.prefix[i], *b = &second.prefix[i];

		must(ip6_prefix_equal(&a->prefix, &b->prefix) && a->flags == b->flags);
		must(a->valid_s == b->valid_s && a->preferred_s == b->preferred_s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	solicitation(data, size);
	advertisement(data, size);
	return 0;
}
