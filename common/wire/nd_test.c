/* nd_test.c - Neighbour Discovery frames, against golden ones that tshark finds no fault with. */
#include "common/wire/wire_test.h"

#include "common/wire/nd.h"

static const struct nd_mac gateway = { { 0x02, 0x00, 0x5e, 0x00, 0x52, 0x13 } };
static const struct nd_mac guest = { { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 } };

/*
 * Router Advertisement of fe80::1 to ff02::1 in a frame to one guest: hop limit
 * 64, M and O, 120 s; source link-layer address; MTU 1400; 2001:db8:200:1::/64
 * A for 86400 and 14400 s; 2001:db8:300::/48 L and R for ever and 1 s; RDNSS
 * 2001:db8::53 and ::54 for 3600 s.
 */
static const char golden_ra[] =
    "52540012 34560200 5e005213 86dd6000 00000088 3afffe80 00000000 00000000"
    "00000000 0001ff02 00000000 00000000 00000000 00018600 98a440c0 00780000"
    "00000000 00000101 02005e00 52130501 00000000 05780304 40400001 51800000"
    "38400000 00002001 0db80200 00010000 00000000 00000304 30a0ffff ffff0000"
    "00010000 00002001 0db80300 00000000 00000000 00001905 00000000 0e102001"
    "0db80000 00000000 00000000 00532001 0db80000 00000000 00000000 0054";

/* Of a home agent, by scapy: H, 1800 s; a prefix with L A R; 600 s; R, preference 7, 900 s. */
static const char golden_agent[] =
    "33330000 00010200 0000000a 86dd6000 00000048 3afffe80 00000000 00000000"
    "00000000 000aff02 00000000 00000000 00000000 00018600 3d154020 07080000"
    "00000000 00000101 02000000 000a0304 40e00027 8d000009 3a800000 00002001"
    "0db80100 00000000 00000000 00010701 00000009 27c00801 80000007 0384";

/* Neighbor Advertisement of fe80::1, R S O, to the guest's link-local address. */
static const char golden_na[] =
    "52540012 34560200 5e005213 86dd6000 00000020 3afffe80 00000000 00000000"
    "00000000 0001fe80 00000000 00005054 00fffe12 34568800 644ee000 0000fe80"
    "00000000 00000000 00000000 00010201 02005e00 5213";

/* Router Solicitation of the guest's link-local address, with its link-layer address. */
static const char golden_rs[] =
    "33330000 00025254 00123456 86dd6000 00000010 3afffe80 00000000 00005054"
    "00fffe12 3456ff02 00000000 00000000 00000000 00028500 71b50000 00000101"
    "52540012 3456";

/* The same from the unspecified address, without. */
static const char golden_rs_any[] =
    "33330000 00025254 00123456 86dd6000 00000008 3aff0000 00000000 00000000"
    "00000000 0000ff02 00000000 00000000 00000000 00028500 7bb80000 0000";

enum { PAYLOAD_LENGTH_AT = 18, ICMP_AT = 54 };

static struct nd_path
path_to_guest(const char *dst)
{
	return (struct nd_path){
		.from = gateway,
		.to = guest,
		.src = addr("fe80::1"),
		.dst = addr(dst),
	};
}

static struct nd_ra
advertisement(void)
{
	return (struct nd_ra){
		.hop_limit = 64,
		.flags = ND_RA_M | ND_RA_O,
		.lifetime_s = 120,
		.mtu = 1400,
		.prefixes = 2,
		.prefix = { { { MNP1, 64 }, ND_PREFIX_A, 86400, 14400 },
		    { { addr("2001:db8:300::"), 48 }, ND_PREFIX_L | ND_PREFIX_R, UINT32_MAX, 1 } },
		.rdnss_n = 2,
		.rdnss = { addr("2001:db8::53"), addr("2001:db8::54") },
		.rdnss_lifetime_s = 3600,
	};
}

/* Make length and checksum right again after a frame was changed. */
static void
mend(uint8_t *frame, size_t len)
{
	struct wire_writer w = { .base = frame, .len = len, .pos = len };
	struct in6_addr src, dst;

	memcpy(&src, frame + 22, sizeof(src));
	memcpy(&dst, frame + 38, sizeof(dst));
	wire_set_u16(&w, PAYLOAD_LENGTH_AT, (uint16_t)(len - ICMP_AT));
	wire_set_u16(&w, ICMP_AT + 2, 0);
	wire_set_u16(
	    &w, ICMP_AT + 2, ip6_checksum(&src, &dst, IP6_ICMP6, frame + ICMP_AT, len - ICMP_AT));
}

/* ---- making ---- */

/* M-36: the source link-layer option is always there. */
static void
router_advertisement_is_the_golden_frame(void **state)
{
	const struct nd_path path = path_to_guest("ff02::1");
	const struct nd_ra ra = advertisement();
	uint8_t want[512], frame[512];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	size_t n = hex_octets(golden_ra, want, sizeof(want));

	(void)state;
	assert_int_equal(nd_ra_put(&w, &path, &ra), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(frame, want, n);
}

/* M-31 is had's choice of flags; that they get to their place is seen here. */
static void
neighbor_advertisement_is_the_golden_frame(void **state)
{
	const struct nd_path path = path_to_guest("fe80::5054:ff:fe12:3456");
	uint8_t want[512], frame[512];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	size_t n = hex_octets(golden_na, want, sizeof(want));

	(void)state;
	assert_int_equal(nd_na_put(&w, &path, &path.src, &gateway, ND_NA_R | ND_NA_S | ND_NA_O), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(frame, want, n);
}

static void
what_is_not_advertised_has_no_option(void **state)
{
	const struct nd_path path = path_to_guest("ff02::1");
	const struct nd_ra ra = { .lifetime_s = 0 };
	uint8_t frame[512];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };

	(void)state;
	assert_int_equal(nd_ra_put(&w, &path, &ra), 0);
	assert_int_equal(w.pos, ICMP_AT + 16 + 8); /* the source link-layer address alone */
}

static void
frames_that_do_not_fit_are_not_overrun(void **state)
{
	const struct nd_path path = path_to_guest("ff02::1");
	const struct nd_ra ra = advertisement();
	const size_t ra_octets = 190, na_octets = 86;

	(void)state;
	for (size_t len = 0; len <= ra_octets; len++) {
		uint8_t *exact = malloc(len + 1);
		struct wire_writer w = { .base = exact + 1, .len = len };

		assert_int_equal(nd_ra_put(&w, &path, &ra), len < ra_octets ? -EMSGSIZE : 0);
		w = (struct wire_writer){ .base = exact + 1, .len = len };
		assert_int_equal(
		    nd_na_put(&w, &path, &path.src, &gateway, 0), len < na_octets ? -EMSGSIZE : 0);
		w = (struct wire_writer){ .base = exact + 1, .len = len };
		assert_int_equal(nd_ns_put(&w, &path, &path.src), len < na_octets ? -EMSGSIZE : 0);
		free(exact);
	}
}

static void
more_than_the_limits_is_not_advertised(void **state)
{
	const struct nd_path path = path_to_guest("ff02::1");
	struct nd_ra ra = { .prefixes = ND_PREFIX_MAX,
		.rdnss_n = ND_RDNSS_MAX,
		.mtu = 1500,
		.interval_ms = 1,
		.agent = { .given = true } };
	uint8_t frame[ND_FRAME_MAX];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };

	(void)state;
	assert_int_equal(nd_ra_put(&w, &path, &ra), 0); /* the longest fits a frame */
	ra.prefixes++;
	assert_int_equal(nd_ra_put(&w, &path, &ra), -EMSGSIZE);
	ra.prefixes--;
	ra.rdnss_n++;
	assert_int_equal(nd_ra_put(&w, &path, &ra), -EMSGSIZE);
}

/* M-36, N-45: written and read back. */
static void
advertisement_of_a_home_agent_is_the_golden_frame(void **state)
{
	const struct nd_path want = { { { 2, 0, 0, 0, 0, 10 } }, { { 0x33, 0x33, 0, 0, 0, 1 } },
		addr("fe80::a"), addr("ff02::1") };
	const struct nd_ra sent = { .hop_limit = 64,
		.flags = ND_RA_H,
		.lifetime_s = 1800,
		.prefixes = 1,
		.prefix = { { { addr("2001:db8:100::1"), 64 }, 0xe0, 2592000, 604800 } },
		.interval_ms = 600000,
		.agent = { true, true, 7, 900 } };
	uint8_t golden[512], frame[512];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	size_t n = hex_octets(golden_agent, golden, sizeof(golden));
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	assert_int_equal(nd_ra_put(&w, &want, &sent), 0);
	assert_true(w.pos == n && memcmp(frame, golden, n) == 0);
	assert_int_equal(nd_ra_get(golden, n, &path, &ra), 0);
	assert_memory_equal(&path, &want, sizeof(path));
	assert_memory_equal(&ra, &sent, sizeof(ra));
}

/* ---- reading ---- */

static void
router_advertisement_reads_back(void **state)
{
	const struct nd_path want = path_to_guest("ff02::1");
	const struct nd_ra sent = advertisement();
	uint8_t frame[512];
	size_t n = hex_octets(golden_ra, frame, sizeof(frame));
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	assert_int_equal(nd_ra_get(frame, n, &path, &ra), 0);
	assert_memory_equal(&path, &want, sizeof(want));
	assert_int_equal(ra.hop_limit, 64);
	assert_int_equal(ra.flags, ND_RA_M | ND_RA_O);
	assert_int_equal(ra.lifetime_s, 120);
	assert_int_equal(ra.mtu, 1400);
	assert_int_equal(ra.prefixes, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(ip6_prefix_equal(&ra.prefix[i].prefix, &sent.prefix[i].prefix));
		assert_int_equal(ra.prefix[i].flags, sent.prefix[i].flags);
		assert_int_equal(ra.prefix[i].valid_s, sent.prefix[i].valid_s);
		assert_int_equal(ra.prefix[i].preferred_s, sent.prefix[i].preferred_s);
	}
	assert_int_equal(ra.rdnss_n, 2);
	assert_true(ip6_equal(&ra.rdnss[0], &sent.rdnss[0]));
	assert_true(ip6_equal(&ra.rdnss[1], &sent.rdnss[1]));
	assert_int_equal(ra.rdnss_lifetime_s, 3600);
}

static void
router_solicitation_tells_who_asks(void **state)
{
	const struct in6_addr linklocal = addr("fe80::5054:ff:fe12:3456");
	uint8_t frame[512];
	size_t n = hex_octets(golden_rs, frame, sizeof(frame));
	struct in6_addr src;
	struct nd_mac from;

	(void)state;
	assert_int_equal(nd_rs_get(frame, n, &from, &src), 0);
	assert_memory_equal(&from, &guest, sizeof(guest));
	assert_true(ip6_equal(&src, &linklocal));

	n = hex_octets(golden_rs_any, frame, sizeof(frame));
	assert_int_equal(nd_rs_get(frame, n, &from, &src), 0);
	assert_memory_equal(&from, &guest, sizeof(guest));
	assert_true(ip6_is_any(&src));
}

/* Changes of one octet that RFC 4861 6.1.1 and 6.1.2 have us refuse, checksum set right. */
static void
unfit_headers_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t octet;
	} cases[] = {
		{ "ethertype of IPv4", 12, 0x08 },
		{ "version 4", 14, 0x40 },
		{ "next header none", 20, IP6_NONE },
		{ "hop limit 254", 21, 254 },
		{ "another ICMPv6 type", ICMP_AT, 135 },
		{ "code 1", ICMP_AT + 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t rs[512], ra[512];
		size_t rs_n = hex_octets(golden_rs, rs, sizeof(rs));
		size_t ra_n = hex_octets(golden_ra, ra, sizeof(ra));
		struct in6_addr src;
		struct nd_path path;
		struct nd_mac from;
		struct nd_ra out;

		rs[cases[i].at] = ra[cases[i].at] = cases[i].octet;
		mend(rs, rs_n);
		mend(ra, ra_n);
		assert_row(cases[i].what, nd_rs_get(rs, rs_n, &from, &src) == -EBADMSG);
		assert_row(cases[i].what, nd_ra_get(ra, ra_n, &path, &out) == -EBADMSG);
	}
}

static void
bad_checksum_of_neighbour_discovery_is_refused(void **state)
{
	uint8_t rs[512], ra[512];
	size_t rs_n = hex_octets(golden_rs, rs, sizeof(rs));
	size_t ra_n = hex_octets(golden_ra, ra, sizeof(ra));
	struct in6_addr src;
	struct nd_path path;
	struct nd_mac from;
	struct nd_ra out;

	(void)state;
	for (size_t at = 22; at < rs_n; at++) { /* from the source address on */
		rs[at] ^= 0x10;
		ra[at] ^= 0x10;
		assert_int_equal(nd_rs_get(rs, rs_n, &from, &src), -EBADMSG);
		assert_int_equal(nd_ra_get(ra, ra_n, &path, &out), -EBADMSG);
		rs[at] ^= 0x10;
		ra[at] ^= 0x10;
	}
}

/* RFC 4861 6.1.1 */
static void
source_link_layer_option_from_nowhere_is_refused(void **state)
{
	uint8_t frame[512];
	size_t n = hex_octets(golden_rs, frame, sizeof(frame));
	struct in6_addr src;
	struct nd_mac from;

	(void)state;
	memset(frame + 22, 0, 16);
	mend(frame, n);
	assert_int_equal(nd_rs_get(frame, n, &from, &src), -EBADMSG);
	frame[ICMP_AT + 8] = 14; /* a nonce is not what is forbidden */
	mend(frame, n);
	assert_int_equal(nd_rs_get(frame, n, &from, &src), 0);
}

/* RFC 4861 6.1.1: what may stand behind the 8 octets of a Router Solicitation. */
static void
options_of_a_solicitation_are_checked(void **state)
{
	static const struct {
		const char *what, *options;
		int result;
	} cases[] = {
		{ "none", "", 0 },
		{ "one that is not known", "2a01 000000000000", 0 },
		{ "a long one", "2a02 000000000000 00000000 00000000", 0 },
		{ "one without a length", "2a00 000000000000", -EBADMSG },
		{ "one that runs past the end", "2a02 000000000000", -EBADMSG },
		{ "one that runs past the end behind another", "2a01 000000000000 2a01", -EBADMSG },
		{ "a lonely type", "01", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t frame[512];
		size_t n = ICMP_AT + 8;
		struct in6_addr src;
		struct nd_mac from;

		hex_octets(golden_rs, frame, sizeof(frame));
		n += hex_octets(cases[i].options, frame + n, sizeof(frame) - n);
		mend(frame, n);
		assert_row(cases[i].what, nd_rs_get(frame, n, &from, &src) == cases[i].result);
	}
}

/* RFC 4861 6.1.2 */
static void
advertisement_from_a_global_address_is_refused(void **state)
{
	uint8_t frame[512];
	size_t n = hex_octets(golden_ra, frame, sizeof(frame));
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	frame[22] = 0x20;
	mend(frame, n);
	assert_int_equal(nd_ra_get(frame, n, &path, &ra), -EBADMSG);
}

/* What may stand behind the 16 octets of a Router Advertisement, and what may not. */
static void
options_of_an_advertisement_are_checked(void **state)
{
	static const struct {
		const char *what, *options;
		int result;
	} cases[] = {
		{ "none", "", 0 },
		{ "one that is not known", "2a01 000000000000", 0 },
		{ "one without a length", "2a00 000000000000", -EBADMSG },
		{ "one that runs past the end", "2a02 000000000000", -EBADMSG },
		{ "a lonely type", "05", -EBADMSG },
		{ "an MTU of length 2", "0502 0000 00000578 00000000 00000000", -EBADMSG },
		{ "a prefix of length 1", "0301 40c0 00000000", -EBADMSG },
		{ "a prefix of length 3", "0303 40c0 00000000 00000000 00000000 20010db8 00000000",
		    -EBADMSG },
		{ "RDNSS without an address", "1901 0000 00000e10", -EBADMSG },
		{ "RDNSS with half an address", "1902 0000 00000e10 20010db8 00000000", -EBADMSG },
		{ "RDNSS with an address and a half",
		    "1904 0000 00000e10 20010db8 00000000 00000000 00000053 20010db8 00000000",
		    -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t frame[512];
		size_t n;
		struct nd_path path;
		struct nd_ra ra;

		hex_octets(golden_ra, frame, sizeof(frame));
		n = ICMP_AT + 16;
		n += hex_octets(cases[i].options, frame + n, sizeof(frame) - n);
		mend(frame, n);
		assert_row(cases[i].what, nd_ra_get(frame, n, &path, &ra) == cases[i].result);
	}
}

/* A router controls these counts. */
static void
prefixes_and_servers_beyond_the_limits_are_left_out(void **state)
{
	uint8_t frame[2048];
	size_t n = ICMP_AT + 16;
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	hex_octets(golden_ra, frame, sizeof(frame));
	for (uint8_t i = 0; i <= ND_PREFIX_MAX; i++, n += 32) {
		memset(frame + n, 0, 32);
		memcpy(frame + n, (uint8_t[]){ 3, 4, i }, 3);
	}
	memset(frame + n, 0, 8 + 16 * (ND_RDNSS_MAX + 1));
	memcpy(frame + n, (uint8_t[]){ 25, 1 + 2 * (ND_RDNSS_MAX + 1) }, 2);
	n += 8 + 16 * (ND_RDNSS_MAX + 1);
	mend(frame, n);
	assert_int_equal(nd_ra_get(frame, n, &path, &ra), 0);
	assert_int_equal(ra.prefixes, ND_PREFIX_MAX);
	assert_int_equal(ra.prefix[ND_PREFIX_MAX - 1].prefix.len, ND_PREFIX_MAX - 1);
	assert_int_equal(ra.rdnss_n, ND_RDNSS_MAX);
}

/* RFC 4191's preference and others' bits are not ours to see. */
static void
reserved_flags_of_an_advertisement_are_ignored(void **state)
{
	uint8_t frame[512];
	size_t n = hex_octets(golden_ra, frame, sizeof(frame));
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	frame[ICMP_AT + 5] = 0xff;
	frame[ICMP_AT + 16 + 16 + 3] = 0xff; /* of the first prefix */
	mend(frame, n);
	assert_int_equal(nd_ra_get(frame, n, &path, &ra), 0);
	assert_int_equal(ra.flags, ND_RA_M | ND_RA_O | ND_RA_H);
	assert_int_equal(ra.prefix[0].flags, ND_PREFIX_L | ND_PREFIX_A | ND_PREFIX_R);
}

/* ---- neighbours ---- */

/* A vector (see wire_test.h) that was made elsewhere. */
static void
solicitation_and_its_path_pass_both_ways(void **state)
{
	static const char *const names[] = { "ns", "ns-dad" };
	const struct in6_addr want = addr("2001:db8:200:1:5054:ff:fe12:3456");

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		uint8_t frame[512], again[512];
		size_t n = vector_load(names[i], frame, sizeof(frame));
		struct wire_writer w = { .base = again, .len = sizeof(again) };
		struct in6_addr target, group;
		struct nd_mac to;
		struct nd_path path;

		assert_row(names[i], nd_ns_get(frame, n, &path, &target) == 0);
		assert_row(names[i], ip6_equal(&target, &want));
		assert_row(names[i], ip6_is_any(&path.src) == (i == 1));
		group = nd_solicited_node(&target);
		to = nd_group_mac(&group);
		assert_row(names[i], ip6_equal(&group, &path.dst));
		assert_row(names[i], memcmp(&to, &path.to, sizeof(to)) == 0);
		assert_row(names[i], nd_ns_put(&w, &path, &target) == 0);
		assert_row(names[i], w.pos == n && memcmp(frame, again, n) == 0);
		for (size_t len = 0; len < n; len++)
			assert_row(names[i], nd_ns_get(frame, len, &path, &target) == -EBADMSG);
	}
}

static void
advertisement_of_a_home_agent_passes_both_ways(void **state)
{
	const struct in6_addr target = addr("2001:db8:200:1:5054:ff:fe12:3456");
	uint8_t frame[512], again[512];
	size_t n = vector_load("na-home", frame, sizeof(frame));
	struct wire_writer w = { .base = again, .len = sizeof(again) };
	struct nd_path path;
	struct nd_na na;

	(void)state;
	assert_int_equal(nd_na_get(frame, n, &path, &na), 0);
	assert_true(ip6_equal(&na.target, &target));
	assert_int_equal(na.flags, ND_NA_R | ND_NA_O);
	assert_true(na.has_mac);
	assert_memory_equal(&na.mac, &gateway, sizeof(gateway));
	assert_int_equal(nd_na_put(&w, &path, &na.target, &na.mac, na.flags), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(again, frame, n);
	for (size_t len = 0; len < n; len++)
		assert_int_equal(nd_na_get(frame, len, &path, &na), -EBADMSG);
}

/* RFC 4861 7.1.1, 7.1.2: one octet changed, checksum set right. */
static void
neighbours_that_break_the_rules_are_refused(void **state)
{
	static const struct {
		const char *what, *name;
		size_t at;
		uint8_t octet;
	} cases[] = {
		{ "a solicitation a router has forwarded", "ns", 21, 254 },
		{ "a solicitation of code 1", "ns", ICMP_AT + 1, 1 },
		{ "a solicitation for a group", "ns", 62, 0xff },
		{ "a solicitation with an option of no length", "ns", 79, 0 },
		{ "a probe that is not sent to the target's group", "ns-dad", 53, 0x57 },
		{ "an advertisement a router has forwarded", "na-home", 21, 254 },
		{ "an advertisement for a group", "na-home", 62, 0xff },
		{ "a solicited advertisement to a group", "na-home", 58, 0xe0 },
		{ "an advertisement with an option of no length", "na-home", 79, 0 },
		{ "a link-layer address of 14 octets", "na-home", 79, 2 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t frame[512] = { 0 };
		size_t n = vector_load(cases[i].name, frame, sizeof(frame));
		struct in6_addr target;
		struct nd_path path;
		struct nd_na na;

		frame[cases[i].at] = cases[i].octet;
		mend(frame, n);
		assert_row(cases[i].what, nd_ns_get(frame, n, &path, &target) == -EBADMSG);
		assert_row(cases[i].what, nd_na_get(frame, n, &path, &na) == -EBADMSG);
	}
}

/* RFC 4861 7.1.1: whoever has no address yet has no link-layer address to tell. */
static void
source_link_layer_option_in_a_probe_is_refused(void **state)
{
	uint8_t frame[512];
	size_t n = vector_load("ns", frame, sizeof(frame));
	struct in6_addr target;
	struct nd_path path;

	(void)state;
	memset(frame + 22, 0, 16);
	mend(frame, n);
	assert_int_equal(nd_ns_get(frame, n, &path, &target), -EBADMSG);
	frame[78] = 14; /* the nonce of RFC 7527 is lawful */
	mend(frame, n);
	assert_int_equal(nd_ns_get(frame, n, &path, &target), 0);
}

static void
advertisement_without_a_link_layer_address_is_taken(void **state)
{
	uint8_t frame[512];
	size_t n = vector_load("na-home", frame, sizeof(frame)) - 8;
	struct nd_path path;
	struct nd_na na;

	(void)state;
	mend(frame, n);
	assert_int_equal(nd_na_get(frame, n, &path, &na), 0);
	assert_false(na.has_mac);
}

static void
frames_cut_anywhere_are_refused(void **state)
{
	uint8_t rs[512], ra[512];
	size_t rs_n = hex_octets(golden_rs, rs, sizeof(rs));
	size_t ra_n = hex_octets(golden_ra, ra, sizeof(ra));
	struct in6_addr src;
	struct nd_path path;
	struct nd_mac from;
	struct nd_ra out;

	(void)state;
	for (size_t len = 0; len < ra_n; len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact + 1, ra, len);
		assert_int_equal(nd_ra_get(exact + 1, len, &path, &out), -EBADMSG);
		memcpy(exact + 1, rs, len < rs_n ? len : rs_n);
		assert_int_equal(nd_rs_get(exact + 1, len, &from, &src), len < rs_n ? -EBADMSG : 0);
		free(exact);
	}
}

/* The Ethernet frame may be longer than what it carries. */
static void
padding_of_the_frame_is_not_read(void **state)
{
	uint8_t frame[512] = { 0 };
	size_t n = hex_octets(golden_rs_any, frame, sizeof(frame));
	struct in6_addr src;
	struct nd_mac from;

	(void)state;
	frame[n + 1] = 0xff; /* as an option this would be one without a length */
	assert_int_equal(nd_rs_get(frame, n + 20, &from, &src), 0);
}

/* A message shorter than its fixed part, in a frame and a payload length that agree. */
static void
message_shorter_than_its_fields_is_refused(void **state)
{
	uint8_t rs[512], ra[512];
	struct in6_addr src;
	struct nd_path path;
	struct nd_mac from;
	struct nd_ra out;

	(void)state;
	for (size_t len = ICMP_AT + 4; len < ICMP_AT + 16; len++) {
		hex_octets(golden_rs_any, rs, sizeof(rs));
		hex_octets(golden_ra, ra, sizeof(ra));
		mend(ra, len);
		assert_int_equal(nd_ra_get(ra, len, &path, &out), -EBADMSG);
		if (len >= ICMP_AT + 8)
			continue;
		mend(rs, len);
		assert_int_equal(nd_rs_get(rs, len, &from, &src), -EBADMSG);
	}
}

/* RFC 4291 appendix A */
static void
linklocal_of_a_mac_flips_the_universal_bit(void **state)
{
	const struct nd_mac zero = { { 0 } };
	const struct in6_addr of_guest = addr("fe80::5054:ff:fe12:3456");
	const struct in6_addr of_gateway = addr("fe80::5eff:fe00:5213");
	const struct in6_addr of_zero = addr("fe80::200:ff:fe00:0");
	struct in6_addr a;

	(void)state;
	a = nd_linklocal(&guest);
	assert_true(ip6_equal(&a, &of_guest));
	a = nd_linklocal(&gateway);
	assert_true(ip6_equal(&a, &of_gateway));
	a = nd_linklocal(&zero);
	assert_true(ip6_equal(&a, &of_zero));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(router_advertisement_is_the_golden_frame, "M-36"),
		T(neighbor_advertisement_is_the_golden_frame, "M-31"),
		T(advertisement_of_a_home_agent_is_the_golden_frame, "M-36 N-45"),
		cmocka_unit_test(what_is_not_advertised_has_no_option),
		cmocka_unit_test(frames_that_do_not_fit_are_not_overrun),
		cmocka_unit_test(more_than_the_limits_is_not_advertised),
		cmocka_unit_test(router_advertisement_reads_back),
		cmocka_unit_test(router_solicitation_tells_who_asks),
		cmocka_unit_test(unfit_headers_are_refused),
		cmocka_unit_test(bad_checksum_of_neighbour_discovery_is_refused),
		cmocka_unit_test(source_link_layer_option_from_nowhere_is_refused),
		cmocka_unit_test(options_of_a_solicitation_are_checked),
		cmocka_unit_test(advertisement_from_a_global_address_is_refused),
		cmocka_unit_test(options_of_an_advertisement_are_checked),
		cmocka_unit_test(prefixes_and_servers_beyond_the_limits_are_left_out),
		cmocka_unit_test(reserved_flags_of_an_advertisement_are_ignored),
		cmocka_unit_test(solicitation_and_its_path_pass_both_ways),
		T(advertisement_of_a_home_agent_passes_both_ways, "N-22"),
		cmocka_unit_test(neighbours_that_break_the_rules_are_refused),
		cmocka_unit_test(source_link_layer_option_in_a_probe_is_refused),
		cmocka_unit_test(advertisement_without_a_link_layer_address_is_taken),
		cmocka_unit_test(frames_cut_anywhere_are_refused),
		cmocka_unit_test(padding_of_the_frame_is_not_read),
		cmocka_unit_test(message_shorter_than_its_fields_is_refused),
		cmocka_unit_test(linklocal_of_a_mac_flips_the_universal_bit),
	};

	return cmocka_run_group_tests_name("nd", tests, NULL, NULL);
}
