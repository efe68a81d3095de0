/*
 * nd_rs_fuzz.c - Router Solicitations.
 *
 * Nobody here sends one, so there is no encoder to go back by. Instead the rules
 * of RFC 4861 6.1.1 are written a second time, by offsets: the two must agree on
 * every frame. And a solicitation made from what was decoded decodes to the same.
 */
#include "common/wire/nd_fuzz.h"

enum { ICMP = ND_FUZZ_ICMP_AT, RS_OCTETS = 8, SOURCE_LINK_LAYER = 1 };

/* Frame f, of a right checksum, is a Router Solicitation in order. */
static bool
in_order(const uint8_t *f, size_t len)
{
	static const uint8_t any[16];
	size_t end;

	if (len < ICMP + RS_OCTETS || f[12] != 0x86 || f[13] != 0xdd || f[14] >> 4 != 6)
		return false;
	end = ICMP + (size_t)(f[18] << 8 | f[19]);
	if (end > len || end < ICMP + RS_OCTETS || f[20] != 58 || f[21] != 255)
		return false;
	if (f[ICMP] != 133 || f[ICMP + 1] != 0)
		return false;
	for (size_t at = ICMP + RS_OCTETS; at < end; at += f[at + 1] * 8u) {
		if (end - at < 2 || f[at + 1] == 0 || f[at + 1] * 8u > end - at)
			return false;
		if (f[at] == SOURCE_LINK_LAYER && memcmp(f + 22, any, sizeof(any)) == 0)
			return false;
	}
	return true;
}

/* The least Router Solicitation from a MAC and an address. */
static size_t
make(const struct nd_mac *from, const struct in6_addr *src, uint8_t f[static ICMP + RS_OCTETS])
{
	static const struct in6_addr routers = { .s6_addr = { 0xff, 0x02, [15] = 2 } };
	struct wire_writer w = { .base = f, .len = ICMP + RS_OCTETS };

	wire_put(&w, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 2 }, 6);
	wire_put(&w, from->b, sizeof(from->b));
	wire_put(&w, (const uint8_t[]){ 0x86, 0xdd, 0x60, 0, 0, 0, 0, RS_OCTETS, 58, 255 }, 10);
	wire_put_addr(&w, *src);
	wire_put_addr(&w, routers);
	wire_put(&w, (const uint8_t[]){ 133, 0, 0, 0, 0, 0, 0, 0 }, RS_OCTETS);
	wire_set_u16(&w, ICMP + 2, ip6_checksum(src, &routers, IP6_ICMP6, f + ICMP, RS_OCTETS));
	must(!w.bad && w.pos == w.len);
	return w.pos;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[ND_FUZZ_MAX], again[ICMP + RS_OCTETS];
	struct nd_mac from, from_back;
	struct in6_addr src, src_back;
	size_t len = nd_fuzz_frame(data, size, frame);
	bool taken = nd_rs_get(frame, len, &from, &src) == 0;

	must(taken == in_order(frame, len));
	if (!taken)
		return 0;
	must(memcmp(&from, frame + 6, 6) == 0 && memcmp(&src, frame + 22, 16) == 0);
	must(nd_rs_get(again, make(&from, &src, again), &from_back, &src_back) == 0);
	must(memcmp(&from, &from_back, sizeof(from)) == 0 && ip6_equal(&src, &src_back));
	return 0;
}
