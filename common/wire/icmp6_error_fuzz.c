/* icmp6_error_fuzz.c - ICMPv6 errors: decode, encode, decode is the identity. */
#include "common/wire/fuzz.h"

#include "common/wire/icmp6.h"

enum { INVOKING_MAX = IP6_MIN_MTU - IP6_HEADER_OCTETS - 8 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct in6_addr src = { .s6_addr = { 0x20, 0x01, [15] = 1 } };
	static const struct in6_addr dst = { .s6_addr = { 0x20, 0x01, [15] = 2 } };
	static uint8_t message[IP6_MIN_MTU];
	struct wire_reader r = { .base = data, .len = size };
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct icmp6_error first, second;
	size_t kept;

	if (icmp6_error_get(&r, &first) < 0)
		return 0;
	must(first.invoking + first.invoking_len == data + size);
	must(icmp6_error_put(&w, &first, &src, &dst) == 0);
	must(w.pos + IP6_HEADER_OCTETS <= IP6_MIN_MTU);
	must(ip6_checksum(&src, &dst, IP6_ICMP6, message, w.pos) == 0);

	r = (struct wire_reader){ .base = message, .len = w.pos };
	must(icmp6_error_get(&r, &second) == 0);
	must(first.type == second.type && first.code == second.code);
	must(first.value == second.value);
	kept = first.invoking_len < INVOKING_MAX ? first.invoking_len : INVOKING_MAX;
	must(second.invoking_len == kept);
	must(memcmp(first.invoking, second.invoking, kept) == 0);
	return 0;
}
