/* tunnel_test.c - one packet at the end of a tunnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "common/sys/tunnel.h"
#include "common/wire/icmp6.h"

#define TEST(rows, f)                           \
	{                                       \
		.name = rows #f, .test_func = f \
	}

#define GUEST "2001:db8:200:1::2"
#define PEER "2001:db8:900::1"

struct packet {
	uint8_t p[128];
	size_t n;
};

static struct in6_addr
addr(const char *s)
{
	struct in6_addr a;

	assert_int_equal(text_to_addr(s, &a), 0);
	return a;
}

/* An IPv6 header with that class and next header, and n octets behind it. */
static struct packet
packet(const char *src, const char *dst, uint8_t class, uint8_t next, const void *payload, size_t n)
{
	struct packet k = { { 0 }, 0 };
	struct wire_writer w = { .base = k.p, .len = sizeof(k.p) };

	wire_put_u32(&w, 0x60000000u | (uint32_t) class << 20);
	wire_put_u16(&w, (uint16_t)n);
	wire_put_u8(&w, next);
	wire_put_u8(&w, 64);
	wire_put_addr(&w, addr(src));
	wire_put_addr(&w, addr(dst));
	wire_put(&w, payload, n);
	assert_false(w.bad);
	k.n = w.pos;
	return k;
}

static struct packet
plain(const char *src, const char *dst)
{
	return packet(src, dst, 0, IPPROTO_UDP, "12345678", 8);
}

static enum tunnel_verdict
enters(const struct packet *k, struct tunnel_entry *ret_entry)
{
	const struct kobj_tunnel t = { addr("2001:db8:1::1"), addr("2001:db8:2::1") };

	return tunnel_enter(&t, k->p, k->n, ret_entry);
}

static void
ecn_leaves_as_figure_4_of_rfc_6040_says(void **state)
{
	/* Rows: inner Not-ECT, ECT(1), ECT(0), CE; columns: the same, outer. */
	static const int figure[4][4] = {
		{ 0, 0, 0, -1 },
		{ 1, 1, 1, 3 },
		{ 2, 1, 2, 3 },
		{ 3, 3, 3, 3 },
	};

	(void)state;
	for (uint8_t in = 0; in < 4; in++) {
		for (uint8_t out = 0; out < 4; out++)
			assert_int_equal(tunnel_ecn(in, out), figure[in][out]);
	}
}

static void
leaving_changes_the_ecn_field_and_nothing_else(void **state)
{
	struct packet k = packet(GUEST, PEER, 0xba, IPPROTO_UDP, "12345678", 8), was = k;
	size_t n;

	(void)state;
	k.p[3] = was.p[3] = 7; /* flow label */
	assert_int_equal(tunnel_exit(k.p, k.n, 0xff, &n), TUNNEL_PASS);
	assert_int_equal(n, k.n);
	assert_int_equal(k.p[1], was.p[1] | 0x10);
	k.p[1] = was.p[1];
	assert_memory_equal(k.p, was.p, k.n);
	k.p[1] = 0;
	k.p[0] = 0x60;
	assert_int_equal(tunnel_exit(k.p, k.n, 3, &n), TUNNEL_ECN);
}

static void
what_is_behind_the_payload_stays_behind(void **state)
{
	struct packet k = plain(GUEST, PEER);
	struct tunnel_entry e;
	size_t n;

	(void)state;
	k.n += 5;
	assert_int_equal(tunnel_exit(k.p, k.n, 0, &n), TUNNEL_PASS);
	assert_int_equal(n, 48);
	assert_int_equal(enters(&k, &e), TUNNEL_PASS);
	assert_int_equal(e.n, 48);
}

static void
no_packet_is_not_ipv6_or_shorter_than_it_says(void **state)
{
	struct packet k = plain(GUEST, PEER);
	struct tunnel_entry e;
	size_t n;

	(void)state;
	for (size_t cut = 0; cut < k.n; cut++) {
		assert_int_equal(tunnel_exit(k.p, cut, 0, &n), TUNNEL_MALFORMED);
		assert_int_equal(
		    tunnel_enter(&(struct kobj_tunnel){ 0 }, k.p, cut, &e), TUNNEL_MALFORMED);
	}
	k.p[0] = 0x45;
	assert_int_equal(enters(&k, &e), TUNNEL_MALFORMED);
}

static void
link_local_addresses_and_groups_stay_on_their_link(void **state)
{
	static const struct {
		const char *src, *dst;
		enum tunnel_verdict verdict;
	} rows[] = {
		{ GUEST, PEER, TUNNEL_PASS },
		{ GUEST, "ff0e::1", TUNNEL_PASS },
		{ GUEST, "ff05::1", TUNNEL_PASS },
		{ "fe80::1", PEER, TUNNEL_LINK_LOCAL },
		{ "febf::1", PEER, TUNNEL_LINK_LOCAL },
		{ GUEST, "fe80::1", TUNNEL_LINK_LOCAL },
		{ GUEST, "ff02::1", TUNNEL_LINK_LOCAL },
		{ GUEST, "ff12::1", TUNNEL_LINK_LOCAL },
		{ GUEST, "ff01::1", TUNNEL_LINK_LOCAL },
		{ "::", PEER, TUNNEL_LINK_LOCAL },
		{ "ff0e::1", PEER, TUNNEL_LINK_LOCAL },
	};
	struct tunnel_entry e;
	size_t n;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct packet k = plain(rows[i].src, rows[i].dst);

		assert_int_equal(enters(&k, &e), rows[i].verdict);
		assert_int_equal(tunnel_exit(k.p, k.n, 0, &n), rows[i].verdict);
	}
}

static void
a_packet_between_the_ends_of_the_tunnel_does_not_enter_it(void **state)
{
	const struct packet own = plain("2001:db8:1::1", "2001:db8:2::1");
	const struct packet back = plain("2001:db8:2::1", "2001:db8:1::1");
	const struct packet to_end = plain(GUEST, "2001:db8:2::1");
	struct tunnel_entry e;

	(void)state;
	assert_int_equal(enters(&own, &e), TUNNEL_LOOP);
	assert_int_equal(enters(&back, &e), TUNNEL_PASS);
	assert_int_equal(enters(&to_end, &e), TUNNEL_PASS);
}

static void
an_encapsulation_limit_is_found_where_it_may_stand(void **state)
{
	static const struct {
		uint8_t next;
		uint8_t octets[24];
		enum tunnel_verdict verdict;
		int limit; /* of the outer header */
	} rows[] = {
		{ IPPROTO_UDP, { 0 }, TUNNEL_PASS, -1 },
		{ IP6_DEST_OPTS, { 17, 0, 4, 1, 5, 1, 1, 0 }, TUNNEL_PASS, 4 },
		{ IP6_DEST_OPTS, { 17, 0, 4, 1, 255, 1, 1, 0 }, TUNNEL_PASS, 254 },
		{ IP6_DEST_OPTS, { 17, 0, 0, 0, 0, 4, 1, 1 }, TUNNEL_PASS, 0 },
		{ IP6_DEST_OPTS, { 17, 0, 4, 1, 0, 1, 1, 0 }, TUNNEL_LIMIT, -1 },
		{ IP6_DEST_OPTS, { 17, 0, 1, 4, 0, 0, 0, 0 }, TUNNEL_PASS, -1 },
		{ IP6_HOP_BY_HOP, { 60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 4, 1, 9, 1, 1, 0 }, TUNNEL_PASS,
		    8 },
		/* Malformed: what it means is for others to say; here it limits nothing. */
		{ IP6_DEST_OPTS, { 17, 0, 4, 2, 0, 0, 1, 0 }, TUNNEL_PASS, -1 },
		{ IP6_DEST_OPTS, { 17, 0, 1, 9, 4, 1, 0, 0 }, TUNNEL_PASS, -1 },
		{ IP6_DEST_OPTS, { 17, 9, 4, 1, 0, 1, 1, 0 }, TUNNEL_PASS, -1 },
		{ IP6_HOP_BY_HOP, { 60, 9, 1, 4, 0, 0, 0, 0, 17, 0, 4, 1, 0, 1, 1, 0 }, TUNNEL_PASS,
		    -1 },
	};
	struct tunnel_entry e;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct packet k =
		    packet(GUEST, PEER, 0, rows[i].next, rows[i].octets, sizeof(rows[i].octets));

		assert_int_equal(enters(&k, &e), rows[i].verdict);
		assert_int_equal(e.limit, rows[i].limit);
		if (rows[i].verdict == TUNNEL_LIMIT)
			assert_int_equal(e.limit_at, 44);
	}
}

static void
the_outer_ecn_is_the_inner_one(void **state)
{
	struct tunnel_entry e;

	(void)state;
	for (uint8_t class = 0; class < 8; class ++) {
		const struct packet k = packet(GUEST, PEER, class, IPPROTO_UDP, "12345678", 8);

		assert_int_equal(enters(&k, &e), TUNNEL_PASS);
		assert_int_equal(e.ecn, class & 3);
	}
}

static void
the_tunnel_mtu_is_40_less_and_never_below_1280(void **state)
{
	(void)state;
	assert_int_equal(tunnel_mtu(1500), 1460);
	assert_int_equal(tunnel_mtu(9000), 8960);
	assert_int_equal(tunnel_mtu(1320), 1280);
	assert_int_equal(tunnel_mtu(1319), 1280);
	assert_int_equal(tunnel_mtu(1280), 1280);
	assert_int_equal(tunnel_mtu(0), 1280);
}

static void
errors_from_inside_reach_the_source_in_its_own_terms(void **state)
{
	static const struct {
		struct tunnel_error outer;
		uint16_t payload; /* of the inner packet */
		bool relayed;
		struct tunnel_error told;
	} rows[] = {
		{ { ICMP6_UNREACHABLE, 0, 0 }, 100, true, { ICMP6_UNREACHABLE, 3, 0 } },
		{ { ICMP6_TIME, 0, 0 }, 100, true, { ICMP6_UNREACHABLE, 3, 0 } },
		{ { ICMP6_PARAMETER, 0, 44 }, 100, true, { ICMP6_UNREACHABLE, 3, 0 } },
		{ { ICMP6_TOO_BIG, 0, 1400 }, 1400, true, { ICMP6_TOO_BIG, 0, 1360 } },
		{ { ICMP6_TOO_BIG, 0, 1300 }, 1400, true, { ICMP6_TOO_BIG, 0, 1280 } },
		{ { ICMP6_TOO_BIG, 0, 1300 }, 1240, false, { 0, 0, 0 } },
		{ { 100, 0, 0 }, 100, false, { 0, 0, 0 } },
	};
	struct packet k = plain(GUEST, PEER);
	struct tunnel_error told;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		k.p[4] = (uint8_t)(rows[i].payload >> 8);
		k.p[5] = (uint8_t)rows[i].payload;
		assert_int_equal(tunnel_relay(&rows[i].outer, k.p, k.n, &told), rows[i].relayed);
		if (rows[i].relayed)
			assert_memory_equal(&told, &rows[i].told, sizeof(told));
	}
}

static void
errors_groups_and_nobodies_are_not_answered(void **state)
{
	const uint8_t error[8] = { ICMP6_TIME }, echo[8] = { 128 };
	struct packet k = packet(GUEST, PEER, 0, IP6_ICMP6, error, sizeof(error));

	(void)state;
	assert_false(tunnel_may_answer(k.p, k.n));
	assert_false(tunnel_may_answer(k.p, IP6_HEADER_OCTETS)); /* of a type that is cut off */
	k = packet(GUEST, PEER, 0, IP6_ICMP6, echo, sizeof(echo));
	assert_true(tunnel_may_answer(k.p, k.n));
	assert_false(tunnel_may_answer(k.p, IP6_HEADER_OCTETS - 1));
	k = plain(GUEST, "ff0e::1");
	assert_false(tunnel_may_answer(k.p, k.n));
	k = plain("::", PEER);
	assert_false(tunnel_may_answer(k.p, k.n));
	k = plain("fe80::1", PEER);
	assert_false(tunnel_may_answer(k.p, k.n));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("T-09 ", ecn_leaves_as_figure_4_of_rfc_6040_says),
		TEST("T-09 ", leaving_changes_the_ecn_field_and_nothing_else),
		TEST("", what_is_behind_the_payload_stays_behind),
		TEST("", no_packet_is_not_ipv6_or_shorter_than_it_says),
		TEST("N-46 M-32 ", link_local_addresses_and_groups_stay_on_their_link),
		TEST("T-04 ", a_packet_between_the_ends_of_the_tunnel_does_not_enter_it),
		TEST("T-03 ", an_encapsulation_limit_is_found_where_it_may_stand),
		TEST("T-09 ", the_outer_ecn_is_the_inner_one),
		TEST("T-05 T-06 ", the_tunnel_mtu_is_40_less_and_never_below_1280),
		TEST("T-07 ", errors_from_inside_reach_the_source_in_its_own_terms),
		TEST("T-07 ", errors_groups_and_nobodies_are_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
