/* icmp6_dhaad_fuzz.c - home agent discovery: decode, encode, decode is the identity. */
#include "common/wire/fuzz.h"

#include "common/wire/icmp6.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct in6_addr src = { .s6_addr = { 0x20, 0x01, [15] = 1 } };
	static const struct in6_addr dst = { .s6_addr = { 0x20, 0x01, [15] = 2 } };
	static uint8_t message[IP6_MIN_MTU];
	struct wire_reader r = { .base = data, .len = size };
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct icmp6_dhaad first, second;

	if (icmp6_dhaad_get(&r, &first) < 0)
		return 0;
	must(first.n <= ICMP6_AGENTS_MAX && (first.reply || first.n == 0));
	must(icmp6_dhaad_put(&w, &first, &src, &dst) == 0);
	must(w.pos + IP6_HEADER_OCTETS <= IP6_MIN_MTU);
	must(ip6_checksum(&src, &dst, IP6_ICMP6, message, w.pos) == 0);

	r = (struct wire_reader){ .base = message, .len = w.pos };
	must(icmp6_dhaad_get(&r, &second) == 0);
	must(first.reply == second.reply && first.id == second.id);
	must(first.mobile_router == second.mobile_router && first.n == second.n);
	must(memcmp(first.agent, second.agent, first.n * sizeof(first.agent[0])) == 0);
	return 0;
}
