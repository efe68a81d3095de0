/*
 * vectors_test.c - packets that others made, decoded and made again.
 *
 * Each file in vectors/ is a whole packet with its decoded tree in comments and
 * where it came from. Every one of them is in a test below, also those that
 * this layer has to refuse.
 */
#include "common/wire/wire_test.h"

#include "common/wire/icmp6.h"
#include "common/wire/mh_same.h"
#include "common/wire/nd.h"

#define AHR (MH_BU_A | MH_BU_H | MH_BU_R)

/* clang-format off */
#define FROM_AWAY { .src = CARE_OF, .dst = HOME_AGENT, .with_hao = true, .home = HOME_ADDRESS }
#define TO_AWAY   { .src = HOME_AGENT, .dst = CARE_OF, .with_rh2 = true, .home = HOME_ADDRESS }
#define FROM_HOME { .src = HOME_ADDRESS, .dst = HOME_AGENT }
#define TO_HOME   { .src = HOME_AGENT, .dst = HOME_ADDRESS }
#define FROM_COA  { .src = CARE_OF, .dst = HOME_AGENT }
#define TO_COA    { .src = HOME_AGENT, .dst = CARE_OF }

static const uint8_t nai[] = { 'm', 'r', '1', '@', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.',
	'o', 'r', 'g' };
static const uint8_t mac[] = { 0x3f, 0xaf, 0xa7, 0x04, 0x29, 0x37, 0x82, 0xf8, 0x85, 0x08, 0x93,
	0x9a };

static const struct vector {
	const char *name;
	struct ip6_mh_out out; /* addresses around the message */
	struct mh m;
} vectors[] = {
	{ "bu-explicit-1mnp", FROM_AWAY,
	    { .type = MH_BU, .bu = { 1000, AHR, 600 },
	      .opts = { .n = { [MH_OPT_PREFIX] = 1 }, .prefix = { { MNP1, 64 } } } } },
	{ "bu-explicit-2mnp-altcoa", FROM_AWAY,
	    { .type = MH_BU, .bu = { 1001, AHR, 600 },
	      .opts = { .n = { [MH_OPT_PREFIX] = 2, [MH_OPT_ALTCOA] = 1 },
			.prefix = { { MNP1, 64 }, { MNP2, 64 } }, .altcoa = CARE_OF } } },
	{ "bu-implicit", FROM_AWAY,
	    { .type = MH_BU, .bu = { 7, AHR, 60 },
	      .opts = { .n = { [MH_OPT_ALTCOA] = 1 }, .altcoa = CARE_OF } } },
	{ "bu-dereg", FROM_AWAY,
	    { .type = MH_BU, .bu = { 1002, AHR, 0 },
	      .opts = { .n = { [MH_OPT_ALTCOA] = 1 }, .altcoa = CARE_OF } } },
	{ "bu-dereg-home", FROM_HOME, { .type = MH_BU, .bu = { 1003, AHR, 0 } } },
	{ "bu-auth4285", FROM_AWAY,
	    { .type = MH_BU, .bu = { 2000, AHR, 600 },
	      .opts = { .n = { [MH_OPT_PREFIX] = 1, [MH_OPT_REPLAY] = 1, [MH_OPT_NODE_ID] = 1,
			       [MH_OPT_AUTH] = 1 },
			.prefix = { { MNP1, 64 } },
			.replay_ntp = 3994272000ull << 32 | 0x80000000,
			.node_id = { 1, { nai, sizeof(nai) } },
			.auth = { { 1, 256, { mac, sizeof(mac) } } } } } },
	{ "ba-ok-r", TO_AWAY, { .type = MH_BA, .ba = { 0, MH_BA_R, 1001, 600 } } },
	{ "ba-ok-r-refresh", TO_AWAY,
	    { .type = MH_BA, .ba = { 0, MH_BA_R, 1004, 600 },
	      .opts = { .n = { [MH_OPT_REFRESH] = 1 }, .refresh_s = 300 } } },
	{ "ba-dereg-home", TO_HOME, { .type = MH_BA, .ba = { 0, MH_BA_R, 1003, 0 } } },
	{ "ba-1", TO_AWAY, { .type = MH_BA, .ba = { 1, MH_BA_R, 1001, 600 } } },
	{ "ba-129", TO_AWAY, { .type = MH_BA, .ba = { 129, 0, 1001, 0 } } },
	{ "ba-134", TO_AWAY, { .type = MH_BA, .ba = { 134, 0, 1001, 0 } } },
	{ "ba-135", TO_AWAY, { .type = MH_BA, .ba = { 135, 0, 4242, 0 } } },
	{ "ba-140", TO_AWAY, { .type = MH_BA, .ba = { 140, 0, 1001, 0 } } },
	{ "ba-141", TO_AWAY, { .type = MH_BA, .ba = { 141, 0, 1001, 0 } } },
	{ "ba-142", TO_AWAY, { .type = MH_BA, .ba = { 142, 0, 1001, 0 } } },
	{ "ba-143", TO_AWAY, { .type = MH_BA, .ba = { 143, 0, 1001, 0 } } },
	{ "be-2", TO_COA, { .type = MH_BE, .be = { 2, IN6ADDR_ANY_INIT } } },
	{ "bri", TO_AWAY, { .type = MH_REVOCATION, .rev = { .kind = 1, .code = 1, .seq = 77 } } },
	{ "bra", FROM_AWAY, { .type = MH_REVOCATION, .rev = { .kind = 2, .code = 0, .seq = 77 } } },
	{ "hb-req", FROM_COA, { .type = MH_HEARTBEAT, .hb = { .seq = 9 } } },
	{ "hb-rsp", TO_COA,
	    { .type = MH_HEARTBEAT, .hb = { .response = true, .seq = 9 },
	      .opts = { .n = { [MH_OPT_RESTART] = 1 }, .restart = 3 } } },
	{ "has", TO_AWAY, { .type = MH_SWITCH, .sw = { 1, { HOME_AGENT_2 } } } },
};
/* clang-format on */

static void
mobility_headers_decode_to_what_their_trees_say(void **state)
{
	(void)state;
	for (const struct vector *v = vectors; v < vectors + countof(vectors); v++) {
		struct ip6_mh_packet p;
		uint8_t octets[512];
		size_t at, n = vector_load(v->name, octets, sizeof(octets));
		struct mh m;

		assert_row(v->name, ip6_mh_packet_get(octets, n, &p) == 0);
		assert_row(v->name, ip6_equal(&p.src, &v->out.src));
		assert_row(v->name, ip6_equal(&p.dst, &v->out.dst));
		assert_row(v->name, p.has_hao == v->out.with_hao);
		assert_row(v->name, p.has_rh2 == v->out.with_rh2);
		assert_row(v->name, !p.has_hao || ip6_equal(&p.hao, &v->out.home));
		assert_row(v->name, !p.has_rh2 || ip6_equal(&p.rh2, &v->out.home));
		assert_row(v->name, mh_get(&p, &m, &at) == MH_OK);
		assert_row(v->name, mh_same(&m, &v->m));
	}
}

/* Octet for octet: the rows of mh_opt.c stand in the order these messages use. */
static void
mobility_headers_encode_to_the_same_octets(void **state)
{
	(void)state;
	for (const struct vector *v = vectors; v < vectors + countof(vectors); v++) {
		uint8_t want[512], message[512], packet[512];
		struct wire_writer inner = { .base = message, .len = sizeof(message) };
		struct wire_writer w = { .base = packet, .len = sizeof(packet) };
		struct ip6_mh_out out = v->out;
		size_t n = vector_load(v->name, want, sizeof(want));

		assert_row(v->name, mh_put(&inner, &v->m) == 0);
		out.mh = message;
		out.mh_len = inner.pos;
		assert_row(v->name, ip6_mh_packet_put(&w, &out) == 0);
		assert_row(v->name, w.pos == n);
		assert_row(v->name, memcmp(packet, want, n) == 0);
	}
}

static void
home_agent_discovery_passes_both_ways(void **state)
{
	const struct {
		const char *name;
		struct icmp6_dhaad d;
		struct in6_addr src, dst;
	} cases[] = {
		{ "dhaad-req", { .id = 0x1234, .mobile_router = true }, CARE_OF,
		    addr("2001:db8:100:0:fdff:ffff:ffff:fffe") },
		{ "dhaad-rep",
		    { .reply = true,
			.id = 0x1234,
			.mobile_router = true,
			.n = 2,
			.agent = { HOME_AGENT, HOME_AGENT_2 } },
		    HOME_AGENT, CARE_OF },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const char *name = cases[i].name;
		uint8_t octets[512], again[512];
		size_t n = vector_load(name, octets, sizeof(octets)) - IP6_HEADER_OCTETS;
		const uint8_t *icmp = octets + IP6_HEADER_OCTETS;
		struct wire_reader r = { .base = icmp, .len = n };
		struct wire_writer w = { .base = again, .len = sizeof(again) };
		struct icmp6_dhaad d;
		struct ip6_mh_packet p;

		assert_row(name, ip6_mh_packet_get(octets, IP6_HEADER_OCTETS + n, &p) == 0);
		assert_row(name, p.upper == IP6_ICMP6 && !p.mh);
		assert_row(name, ip6_equal(&p.src, &cases[i].src));
		assert_row(name, ip6_equal(&p.dst, &cases[i].dst));
		assert_row(name, ip6_checksum(&p.src, &p.dst, IP6_ICMP6, icmp, n) == 0);

		assert_row(name, icmp6_dhaad_get(&r, &d) == 0);
		assert_row(name, d.reply == cases[i].d.reply && d.id == cases[i].d.id);
		assert_row(name, d.mobile_router == cases[i].d.mobile_router);
		assert_row(name, d.n == cases[i].d.n);
		assert_row(name, memcmp(d.agent, cases[i].d.agent, d.n * sizeof(d.agent[0])) == 0);

		assert_row(name, icmp6_dhaad_put(&w, &cases[i].d, &p.src, &p.dst) == 0);
		assert_row(name, w.pos == n && memcmp(again, icmp, n) == 0);
	}
}

/* M-37: both with their checksum over the home address. */
static void
mobile_prefix_discovery_passes_both_ways(void **state)
{
	const struct icmp6_mpa want = { .id = 0x4321,
		.flags = ND_RA_M,
		.n = 2,
		.prefix = { { { HOME_AGENT, 64 }, 0xe0, 2592000, 604800 },
		    { { addr("2001:db8:101::1"), 64 }, 0x60, 3600, 1800 } } };
	uint8_t octets[256], message[128], again[256];
	size_t n = vector_load("mps", octets, sizeof(octets));
	struct wire_writer inner = { .base = message, .len = sizeof(message) };
	struct wire_writer w = { .base = again, .len = sizeof(again) };
	struct ip6_icmp6_out away = { .src = CARE_OF,
		.dst = HOME_AGENT,
		.with_hao = true,
		.home = HOME_ADDRESS,
		.icmp6 = message };
	struct ip6_icmp6_out back = { .src = HOME_AGENT,
		.dst = CARE_OF,
		.with_rh2 = true,
		.home = HOME_ADDRESS,
		.icmp6 = message };
	struct ip6_mh_packet p;
	struct wire_reader r;
	struct icmp6_mps mps;
	struct icmp6_mpa mpa;

	(void)state;
	assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
	assert_true(p.has_hao && p.icmp6 && !p.mh);
	r = (struct wire_reader){ .base = p.icmp6, .len = p.icmp6_len };
	assert_int_equal(icmp6_mps_get(&r, &mps), 0);
	assert_int_equal(mps.id, 0x4321);
	assert_int_equal(icmp6_mps_put(&inner, &mps, &away.home, &away.dst), 0);
	away.icmp6_len = inner.pos;
	assert_int_equal(ip6_icmp6_packet_put(&w, &away), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(again, octets, n);

	n = vector_load("mpa", octets, sizeof(octets));
	assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
	assert_true(p.has_rh2 && p.icmp6 && !p.mh);
	r = (struct wire_reader){ .base = p.icmp6, .len = p.icmp6_len };
	assert_int_equal(icmp6_mpa_get(&r, &mpa), 0);
	assert_memory_equal(&mpa, &want, sizeof(mpa));
	inner.pos = w.pos = 0;
	assert_int_equal(icmp6_mpa_put(&inner, &mpa, &back.src, &back.home), 0);
	back.icmp6_len = inner.pos;
	assert_int_equal(ip6_icmp6_packet_put(&w, &back), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(again, octets, n);
}

static void
unsolicited_advertisement_is_made_the_same(void **state)
{
	const struct nd_path path = {
		.from = { { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 } },
		.to = { { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 } },
		.src = addr("2001:db8:200:1::77"),
		.dst = addr("ff02::1"),
	};
	uint8_t want[512], frame[512];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	size_t n = vector_load("una", want, sizeof(want));

	(void)state;
	assert_int_equal(nd_na_put(&w, &path, &path.src, &path.from, ND_NA_O), 0);
	assert_int_equal(w.pos, n);
	assert_memory_equal(frame, want, n);
}

/*
 * Tunnelled packets are the kernel's, so there is no encoder; the header walk
 * has to find what is inside, also behind a Tunnel Encapsulation Limit.
 */
static void
tunnel_packets_are_no_signalling(void **state)
{
	static const char *const names[] = { "tun-mr-ha", "tun-mr-ha-tel" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct ip6_mh_packet p;
		uint8_t octets[512];
		size_t n = vector_load(names[i], octets, sizeof(octets));

		assert_row(names[i], ip6_mh_packet_get(octets, n, &p) == 0);
		assert_row(names[i], p.upper == IP6_IPV6 && !p.mh && !p.has_hao && !p.has_rh2);
	}
}

/*
 * ARP, RARP and OpenFlow have no codec here. What reads frames or packets from
 * an interface meets them all the same, and has to take none of them for its own.
 */
static void
frames_of_other_protocols_are_refused(void **state)
{
	static const char *const names[] = { "rarp-qemu", "garp", "of13-flowmod", "of13-barrier" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct ip6_mh_packet p;
		struct in6_addr src;
		struct nd_path path;
		struct nd_mac from;
		struct nd_ra ra;
		struct nd_na na;
		uint8_t octets[512];
		size_t n = vector_load(names[i], octets, sizeof(octets));

		assert_row(names[i], ip6_mh_packet_get(octets + 14, n - 14, &p) == -EBADMSG);
		assert_row(names[i], nd_rs_get(octets, n, &from, &src) == -EBADMSG);
		assert_row(names[i], nd_ra_get(octets, n, &path, &ra) == -EBADMSG);
		assert_row(names[i], nd_ns_get(octets, n, &path, &src) == -EBADMSG);
		assert_row(names[i], nd_na_get(octets, n, &path, &na) == -EBADMSG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mobility_headers_decode_to_what_their_trees_say),
		cmocka_unit_test(mobility_headers_encode_to_the_same_octets),
		cmocka_unit_test(home_agent_discovery_passes_both_ways),
		T(mobile_prefix_discovery_passes_both_ways, "M-37"),
		cmocka_unit_test(unsolicited_advertisement_is_made_the_same),
		cmocka_unit_test(tunnel_packets_are_no_signalling),
		cmocka_unit_test(frames_of_other_protocols_are_refused),
	};

	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
