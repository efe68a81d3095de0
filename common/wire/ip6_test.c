/* ip6_test.c - addresses, prefixes, and the headers around a Mobility Header. */
#include "common/wire/wire_test.h"

/* ---- addresses and prefixes ---- */

static struct ip6_prefix
prefix(const char *text, uint8_t len)
{
	return (struct ip6_prefix){ .addr = addr(text), .len = len };
}

/* RFC 6275 9.3.1 for the Home Address, 9.5.1 for the care-of address. */
static void
unicast_routable_leaves_out_what_must_not_be_bound(void **state)
{
	static const struct {
		const char *what, *address;
		bool routable;
	} cases[] = {
		{ "global", "2001:db8::1", true },
		{ "unique local", "fd00::1", true },
		{ "unspecified", "::", false },
		{ "loopback", "::1", false },
		{ "behind loopback", "::2", true },
		{ "link-local", "fe80::1", false },
		{ "last link-local", "febf:ffff::1", false },
		{ "behind link-local", "fec0::1", true },
		{ "before link-local", "fe7f:ffff::1", true },
		{ "all nodes", "ff02::1", false },
		{ "global multicast", "ff0e::1", false },
		{ "multicast with its first flag", "ff80::1", false },
		{ "before multicast", "feff::1", true },
		{ "IPv4-mapped", "::ffff:192.0.2.1", false },
		{ "NAT64", "64:ff9b::192.0.2.1", true },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct in6_addr a = addr(cases[i].address);

		assert_row(cases[i].what, ip6_is_unicast_routable(&a) == cases[i].routable);
	}
}

static void
linklocal_is_fe80_with_ten_bits(void **state)
{
	const struct in6_addr first = addr("fe80::"), last = addr("febf:ffff::ffff");
	const struct in6_addr before = addr("fe7f::1"), behind = addr("fec0::1");

	(void)state;
	assert_true(ip6_is_linklocal(&first) && ip6_is_linklocal(&last));
	assert_false(ip6_is_linklocal(&before) || ip6_is_linklocal(&behind));
}

static void
host_bits_are_those_behind_the_length(void **state)
{
	static const struct {
		const char *address;
		uint8_t len;
		bool bits;
	} cases[] = {
		{ "2001:db8::", 64, false }, { "2001:db8::1", 64, true },
		{ "2001:db8:0:1::", 64, false }, { "2001:db8:0:1::", 63, true },
		{ "2001:db8:0:0:8000::", 64, true }, { "2001:db8:0:0:8000::", 65, false },
		{ "2001:db8::1", 127, true }, { "2001:db8::1", 128, false }, { "::", 0, false },
		{ "8000::", 0, true }, { "8000::", 1, false },
		{ "2001:db8::1", 200, false }, /* a length from the wire: no octet behind it */
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_prefix p = prefix(cases[i].address, cases[i].len);

		if (ip6_prefix_has_host_bits(&p) != cases[i].bits)
			fail_msg("%s/%u", cases[i].address, cases[i].len);
	}
}

static void
covering_and_overlapping_follow_length_and_bits(void **state)
{
	static const struct {
		const char *what, *a;
		uint8_t a_len;
		const char *b;
		uint8_t b_len;
		bool covers, overlaps;
	} cases[] = {
		{ "itself", "2001:db8::", 32, "2001:db8::", 32, true, true },
		{ "longer inside", "2001:db8::", 32, "2001:db8:1::", 48, true, true },
		{ "shorter outside", "2001:db8:1::", 48, "2001:db8::", 32, false, true },
		{ "neighbours", "2001:db8:0::", 48, "2001:db8:1::", 48, false, false },
		{ "differ in the last bit", "2001:db8::2", 127, "2001:db8::4", 127, false, false },
		{ "same in all but the last bit", "2001:db8::2", 127, "2001:db8::3", 128, true,
		    true },
		{ "default route", "::", 0, "ff02::1", 128, true, true },
		{ "bit in the middle of an octet", "2001:db8:8000::", 33, "2001:db8::", 33, false,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_prefix a = prefix(cases[i].a, cases[i].a_len);
		struct ip6_prefix b = prefix(cases[i].b, cases[i].b_len);

		assert_row(cases[i].what, ip6_prefix_covers(&a, &b) == cases[i].covers);
		assert_row(cases[i].what, ip6_prefix_overlaps(&a, &b) == cases[i].overlaps);
		assert_row(cases[i].what, ip6_prefix_overlaps(&b, &a) == cases[i].overlaps);
	}
}

static void
prefix_has_its_first_and_last_address(void **state)
{
	const struct ip6_prefix p = prefix("2001:db8:200:1::", 63);
	const struct ip6_prefix host = ip6_host(&p.addr);
	const struct in6_addr last = addr("2001:db8:200:1:ffff:ffff:ffff:ffff");
	const struct in6_addr behind = addr("2001:db8:200:2::");

	(void)state;
	assert_true(ip6_prefix_has(&p, &p.addr) && ip6_prefix_has(&p, &last));
	assert_false(ip6_prefix_has(&p, &behind));
	assert_int_equal(host.len, 128);
	assert_true(ip6_prefix_equal(&host, &host) && !ip6_prefix_equal(&host, &p));
	assert_true(ip6_prefix_has(&host, &p.addr) && !ip6_prefix_has(&host, &last));
}

/* What had answers with status 141. */
static void
usable_prefix_has_only_unicast_space(void **state)
{
	static const struct {
		const char *what, *address;
		uint8_t len;
		bool usable;
	} cases[] = {
		{ "a /64", "2001:db8:200:1::", 64, true },
		{ "a /48", "2001:db8:200::", 48, true },
		{ "a host", "2001:db8::1", 128, true },
		{ "unique local", "fd00::", 8, true },
		{ "length 0", "::", 0, false },
		{ "length 129", "2001:db8::1", 129, false },
		{ "length 255", "::", 255, false },
		{ "host bits", "2001:db8::1", 64, false },
		{ "multicast", "ff00::", 8, false },
		{ "multicast within", "fe00::", 7, false },
		{ "half of everything", "8000::", 1, false },
		{ "link-local", "fe80::", 64, false },
		{ "link-local within", "fe00::", 8, false },
		{ "unspecified", "::", 128, false },
		{ "loopback", "::1", 128, false },
		{ "loopback within", "::", 64, false },
		{ "mapped", "::ffff:192.0.2.0", 120, false },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_prefix p = prefix(cases[i].address, cases[i].len);

		assert_row(cases[i].what, ip6_prefix_is_usable(&p) == cases[i].usable);
	}
}

static void
first_host_is_one_behind_the_anycast_address(void **state)
{
	static const struct {
		const char *address;
		uint8_t len;
		const char *host; /* NULL: there is none */
	} cases[] = {
		{ "2001:db8:200:1::", 64, "2001:db8:200:1::1" },
		{ "2001:db8:200::", 48, "2001:db8:200::1" },
		{ "2001:db8::10", 124, "2001:db8::11" },
		{ "2001:db8::4", 126, "2001:db8::5" },
		{ "2001:db8::ffff", 64, "2001:db8::1" }, /* host bits do not count */
		{ "2001:db8::2", 127, NULL },
		{ "2001:db8::1", 128, NULL },
		{ "2001:db8::", 129, NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_prefix p = prefix(cases[i].address, cases[i].len);
		struct in6_addr a = addr("::"), want = a;
		bool has = ip6_prefix_first_host(&p, &a);

		if (cases[i].host)
			want = addr(cases[i].host);
		if (has != (cases[i].host != NULL) || !ip6_equal(&a, &want))
			fail_msg("%s/%u", cases[i].address, cases[i].len);
	}
}

/* RFC 2526 2, and the two forms of it. */
static void
home_agents_anycast_address_is_that_of_rfc_2526(void **state)
{
	static const struct {
		const char *prefix;
		uint8_t len;
		const char *want; /* NULL: there is none */
	} cases[] = {
		{ "2001:db8:100::", 64, "2001:db8:100:0:fdff:ffff:ffff:fffe" },
		{ "2001:db8:100:0:1::", 64, "2001:db8:100:0:fdff:ffff:ffff:fffe" },
		{ "fd00:1::", 64, "fd00:1::fdff:ffff:ffff:fffe" },
		{ "2001:db8:100::", 56, "2001:db8:100:ff:fdff:ffff:ffff:fffe" },
		{ "2001:db8:100::", 96, "2001:db8:100::ffff:fffe" },
		{ "2001:db8:100::1200", 120, "2001:db8:100::12fe" },
		{ "100::", 64, "100::ffff:ffff:ffff:fffe" },
		{ "2001:db8:100::", 121, NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_prefix p = prefix(cases[i].prefix, cases[i].len);
		struct in6_addr a = addr("::"), want = a;
		bool has = ip6_home_agents_anycast(&p, &a);

		if (cases[i].want)
			want = addr(cases[i].want);
		if (has != (cases[i].want != NULL) || !ip6_equal(&a, &want))
			fail_msg("%s/%u", cases[i].prefix, cases[i].len);
	}
}

/* ---- the checksum ---- */

static void
checksum_counts_an_odd_octet_as_the_high_half(void **state)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	const uint8_t odd[] = { 0x12, 0x34, 0x56 };

	(void)state;
	/* 3 + 135 + 0x1234 + 0x5600 */
	assert_int_equal(ip6_checksum(&any, &any, IP6_MH, odd, 3), 0xffff - (0x6834 + 138));
}

static void
checksum_folds_every_carry(void **state)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	const struct in6_addr ones = addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	uint8_t p[64];

	(void)state;
	/* 2 + 135 + 0xff77 is 0x10000, which is 1. */
	assert_int_equal(
	    ip6_checksum(&any, &any, IP6_MH, (const uint8_t[]){ 0xff, 0x77 }, 2), 0xfffe);
	memset(p, 0xff, sizeof(p));
	/* 0xffff is nothing in ones' complement: length and protocol remain. */
	assert_int_equal(ip6_checksum(&ones, &ones, IP6_MH, p, 64), 0xffff - (64 + 135));
}

/* ---- packets ---- */

/* IPv6 header with a payload of LEN octets that begins with NH, and no addresses to speak of. */
#define HEADER(len, nh) "60000000 " len " " nh "40 " ADDRESSES
#define ADDRESSES                             \
	"20010db8 00020000 00000000 00000010" \
	"20010db8 01000000 00000000 00000001 "
#define HAO "c910 20010db8 01000000 00000000 0000000a "
#define RH2 "02 01 00000000 20010db8 01000000 00000000 0000000a "

/* A Mobility Header and what is in front of it, or not. */
static void
header_chain_is_walked_to_what_it_carries(void **state)
{
	static const struct {
		const char *what, *packet;
		uint8_t upper;
		bool hao, rh2;
		size_t mh_len;
	} cases[] = {
		{ "nothing in front", HEADER("0008", "87") "3b00 0000 0000 0000", IP6_MH, 0, 0, 8 },
		{ "Home Address option",
		    HEADER("0020", "3c") "8702 01020000" HAO "3b00 0000 0000 0000", IP6_MH, 1, 0,
		    8 },
		{ "type 2 routing header", HEADER("0020", "2b") "8702" RH2 "3b00 0000 0000 0000",
		    IP6_MH, 0, 1, 8 },
		{ "both", HEADER("0038", "2b") "3c02" RH2 "8702 01020000" HAO "3b00 0000 0000 0000",
		    IP6_MH, 1, 1, 8 },
		{ "hop-by-hop options first",
		    HEADER("0028", "00") "3c00 01040000 0000 8702 01020000" HAO
					 "3b00 0000 0000 0000",
		    IP6_MH, 1, 0, 8 },
		{ "padding by single octets",
		    HEADER("0020", "3c") "8702 00000000" HAO "3b00 0000 0000 0000", IP6_MH, 1, 0,
		    8 },
		{ "option that may be skipped",
		    HEADER("0028", "3c") "8703 1e0a0000 00000000 00000000" HAO
					 "3b00 0000 0000 0000",
		    IP6_MH, 1, 0, 8 },
		{ "other routing header, nothing left of it",
		    HEADER("0010", "2b") "8700 04000000 0000 3b00 0000 0000 0000", IP6_MH, 0, 0,
		    8 },
		{ "payload shorter than what came", HEADER("0008", "87") "3b00 0000 0000 0000 0000",
		    IP6_MH, 0, 0, 8 },
		{ "no Mobility Header but its number", HEADER("0000", "87"), IP6_MH, 0, 0, 0 },
		{ "ESP hides the rest", HEADER("0004", "32") "8700 0000", IP6_ESP, 0, 0, 0 },
		{ "UDP", HEADER("0008", "11") "1234 1234 0008 0000", 17, 0, 0, 0 },
		{ "hop-by-hop options not first",
		    HEADER("0010", "3c") "0000 01040000 0000 8700 0104 0000 0000", IP6_HOP_BY_HOP,
		    0, 0, 0 },
		{ "nothing", HEADER("0000", "3b"), IP6_NONE, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const struct in6_addr home = HOME_ADDRESS;
		struct ip6_mh_packet p;
		uint8_t octets[512];
		size_t n = hex_octets(cases[i].packet, octets, sizeof(octets));

		assert_row(cases[i].what, ip6_mh_packet_get(octets, n, &p) == 0);
		assert_row(cases[i].what, p.upper == cases[i].upper);
		assert_row(cases[i].what, p.has_hao == cases[i].hao && p.has_rh2 == cases[i].rh2);
		assert_row(cases[i].what, !p.has_hao || ip6_equal(&p.hao, &home));
		assert_row(cases[i].what, !p.has_rh2 || ip6_equal(&p.rh2, &home));
		assert_row(cases[i].what, ip6_mh_source(&p) == (p.has_hao ? &p.hao : &p.src));
		assert_row(cases[i].what, ip6_mh_destination(&p) == (p.has_rh2 ? &p.rh2 : &p.dst));
		assert_row(cases[i].what, (p.mh != NULL) == (p.upper == IP6_MH));
		assert_row(cases[i].what, p.mh_len == cases[i].mh_len);
		assert_row(cases[i].what, p.packet == octets && p.packet_len <= n);
		assert_row(cases[i].what, !p.mh || p.mh + p.mh_len == octets + p.packet_len);
	}
}

/* Length 2 and segments left 1 are RFC 6275 6.4.1's; once and 16 octets 6.3's. */
static void
malformed_header_chain_is_refused(void **state)
{
	static const struct {
		const char *what, *packet;
	} cases[] = {
		{ "IPv4", "45000014 00000000 40870000 c0000201 c0000202" },
		{ "version 7 in a whole header", "70000000 0000 3b40" ADDRESSES },
		{ "payload longer than what came", HEADER("0009", "87") "3b00 0000 0000 0000" },
		{ "extension header cut short", HEADER("0001", "3c") "87" },
		{ "extension header runs past the end",
		    HEADER("0010", "3c") "8702 01040000 0000 3b00 0000 0000 0000" },
		{ "option without its length",
		    HEADER("0010", "3c") "8700 00000000 001e 3b00 0000 0000 0000" },
		{ "option runs past its header",
		    HEADER("0010", "3c") "8700 00000000 1e01 3b00 0000 0000 0000" },
		{ "Home Address option of 15 octets",
		    HEADER("0020", "3c") "8702 01020000 c90f 20010db8 01000000 00000000 000000 00"
					 "3b00 0000 0000 0000" },
		{ "Home Address option of 17 octets",
		    HEADER("0020", "3c") "8702 010100 c911 20010db8 01000000 00000000 0000000a 00"
					 "3b00 0000 0000 0000" },
		{ "Home Address option of no octets",
		    HEADER("0010", "3c") "8700 c900 01020000 3b00 0000 0000 0000" },
		{ "two Home Address options in one header",
		    HEADER("0030", "3c") "8704" HAO "0000" HAO "3b00 0000 0000 0000" },
		{ "Home Address options in two headers",
		    HEADER("0038", "3c") "3c02 01020000" HAO "8702 01020000" HAO
					 "3b00 0000 0000 0000" },
		{ "Home Address among hop-by-hop options",
		    HEADER("0020", "00") "8702 01020000" HAO "3b00 0000 0000 0000" },
		{ "option of 01, discard",
		    HEADER("0010", "3c") "8700 41020000 0000 3b00 0000 0000 0000" },
		{ "option of 01 and no octets",
		    HEADER("0010", "3c") "8700 41000100 0000 3b00 0000 0000 0000" },
		{ "option of 10, discard",
		    HEADER("0010", "3c") "8700 81020000 0000 3b00 0000 0000 0000" },
		{ "option of 11, discard",
		    HEADER("0010", "3c") "8700 c1020000 0000 3b00 0000 0000 0000" },
		{ "routing header of length 0",
		    HEADER("0010", "2b") "8700 0201 00000000 3b00 0000 0000 0000" },
		{ "routing header of length 4",
		    HEADER("0030", "2b") "8704" RH2 "20010db8 01000000 00000000 0000000a"
					 "3b00 0000 0000 0000" },
		{ "no segments left",
		    HEADER("0020", "2b") "8702 0200 00000000 20010db8 01000000 00000000 0000000a"
					 "3b00 0000 0000 0000" },
		{ "two segments left",
		    HEADER("0020", "2b") "8702 0202 00000000 20010db8 01000000 00000000 0000000a"
					 "3b00 0000 0000 0000" },
		{ "two type 2 routing headers",
		    HEADER("0038", "2b") "2b02" RH2 "8702" RH2 "3b00 0000 0000 0000" },
		{ "routing header of type 0 with a hop to go",
		    HEADER("0020", "2b") "8702 0001 00000000 20010db8 01000000 00000000 0000000a"
					 "3b00 0000 0000 0000" },
		{ "first fragment", HEADER("0010", "2c") "8700 0001 00000001 3b00 0000 0000 0000" },
		{ "atomic fragment",
		    HEADER("0010", "2c") "8700 0000 00000001 3b00 0000 0000 0000" },
		{ "fragment behind options",
		    HEADER("0018", "3c") "2c00 01040000 0000 8700 0001 00000001"
					 "3b00 0000 0000 0000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip6_mh_packet p;
		uint8_t octets[512];
		size_t n = hex_octets(cases[i].packet, octets, sizeof(octets));

		assert_row(cases[i].what, ip6_mh_packet_get(octets, n, &p) == -EBADMSG);
	}
}

static void
packet_cut_anywhere_is_refused(void **state)
{
	uint8_t octets[512];
	size_t n = vector_load("bu-auth4285", octets, sizeof(octets));
	struct ip6_mh_packet p;

	(void)state;
	for (size_t len = 0; len < n; len++) {
		uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees an octet too many */

		memcpy(exact + 1, octets, len);
		assert_int_equal(ip6_mh_packet_get(exact + 1, len, &p), -EBADMSG);
		free(exact);
	}
	assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
}

static void
refused_packet_leaves_the_result_alone(void **state)
{
	struct ip6_mh_packet p, before;

	(void)state;
	memset(&p, 0x5a, sizeof(p));
	memset(&before, 0x5a, sizeof(before));
	assert_int_equal(ip6_mh_packet_get((const uint8_t *)"", 0, &p), -EBADMSG);
	assert_memory_equal(&p, &before, sizeof(p));
}

/* RFC 6275 6.3: the destination options come behind the routing header. And 0x1234, of no use,
 * goes. */
static void
packet_with_both_home_addresses_reads_back(void **state)
{
	const uint8_t mh[8] = { IP6_NONE, 0, 0, 0, 0x12, 0x34 };
	const struct ip6_mh_out out = {
		.src = CARE_OF,
		.dst = HOME_AGENT,
		.with_hao = true,
		.with_rh2 = true,
		.home = HOME_ADDRESS,
		.mh = mh,
		.mh_len = sizeof(mh),
	};
	uint8_t octets[128];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct ip6_mh_packet p;

	(void)state;
	assert_int_equal(ip6_mh_packet_put(&w, &out), 0);
	assert_int_equal(w.pos, 40 + 24 + 24 + 8);
	assert_int_equal(octets[6], IP6_ROUTING);
	assert_int_equal(octets[7], 64);
	assert_int_equal(ip6_mh_packet_get(octets, w.pos, &p), 0);
	assert_true(ip6_equal(&p.hao, &out.home) && ip6_equal(&p.rh2, &out.home));
	assert_true(p.mh == octets + 88 && p.mh_len == 8);
	assert_int_equal(ip6_checksum(&out.home, &out.home, IP6_MH, p.mh, p.mh_len), 0);
}

static void
packet_that_does_not_fit_is_not_overrun(void **state)
{
	const uint8_t mh[16] = { IP6_NONE, 1, 5 };
	struct ip6_mh_out out = {
		.with_hao = true,
		.home = HOME_ADDRESS,
		.mh = mh,
		.mh_len = sizeof(mh),
	};
	const size_t need = 40 + 24 + 16;

	(void)state;
	for (size_t len = 0; len <= need; len++) {
		uint8_t *exact = malloc(len + 1);
		struct wire_writer w = { .base = exact + 1, .len = len };

		assert_int_equal(ip6_mh_packet_put(&w, &out), len < need ? -EMSGSIZE : 0);
		free(exact);
	}
}

static void
impossible_message_lengths_are_refused(void **state)
{
	static uint8_t big[70000];
	static uint8_t mh[70000];
	struct ip6_mh_out out = { .with_hao = true, .mh = mh };

	(void)state;
	for (size_t len = 0; len < 8; len++) {
		struct wire_writer w = { .base = big, .len = sizeof(big) };

		out.mh_len = len;
		assert_int_equal(ip6_mh_packet_put(&w, &out), -EMSGSIZE);
	}
	for (size_t len = 65504; len <= 65536; len += 8) {
		struct wire_writer w = { .base = big, .len = sizeof(big) };

		out.mh_len = len; /* with the option's header the length field is full at 65511 */
		assert_int_equal(ip6_mh_packet_put(&w, &out), len < 65512 ? 0 : -EMSGSIZE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(unicast_routable_leaves_out_what_must_not_be_bound, "M-07 M-13"),
		cmocka_unit_test(linklocal_is_fe80_with_ten_bits),
		cmocka_unit_test(host_bits_are_those_behind_the_length),
		cmocka_unit_test(covering_and_overlapping_follow_length_and_bits),
		cmocka_unit_test(prefix_has_its_first_and_last_address),
		T(usable_prefix_has_only_unicast_space, "N-14"),
		cmocka_unit_test(first_host_is_one_behind_the_anycast_address),
		T(home_agents_anycast_address_is_that_of_rfc_2526, "M-35"),
		cmocka_unit_test(checksum_counts_an_odd_octet_as_the_high_half),
		cmocka_unit_test(checksum_folds_every_carry),
		cmocka_unit_test(header_chain_is_walked_to_what_it_carries),
		T(malformed_header_chain_is_refused, "M-57"),
		cmocka_unit_test(packet_cut_anywhere_is_refused),
		cmocka_unit_test(refused_packet_leaves_the_result_alone),
		cmocka_unit_test(packet_with_both_home_addresses_reads_back),
		cmocka_unit_test(packet_that_does_not_fit_is_not_overrun),
		cmocka_unit_test(impossible_message_lengths_are_refused),
	};

	return cmocka_run_group_tests_name("ip6", tests, NULL, NULL);
}
