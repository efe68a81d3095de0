/* hand_test.c - messages about a guest that is about to move: layout, and what is refused. */
#include "common/wire/wire_test.h"

#include "common/wire/hand.h"

static const struct hand full = {
	.kind = HAND_ASK,
	.code = 1,
	.id = 0x0102,
	.seq = 0x0304,
	.flags = MH_BU_A | MH_BU_H | MH_BU_R,
	.lifetime_s = 120,
	.home = HOME_ADDRESS,
	.careof = CARE_OF,
};

static const char octets_of_full[] = "3b07 0b00 0000 0000 0100"
				     "13 2e 00007ed9 c9"
				     "01 0102 0304 c400 001e"
				     "20010db8 01000000 00000000 0000000a";

/* The whole message, checksum 0. */
static size_t
encode(const struct hand *h, enum mh_type type, uint8_t *buf, size_t len)
{
	struct wire_writer w = { .base = buf, .len = len };
	uint8_t octets[HAND_OCTETS];
	struct mh m = { .type = type };

	if (type == MH_UPN)
		m.upn.reason = HAND_UPN_REASON;
	hand_put(&m, h, octets);
	assert_int_equal(mh_put(&w, &m), 0);
	return w.pos;
}

static int
decode(uint8_t *mh, size_t len, struct hand *ret_hand)
{
	struct ip6_mh_packet p = { .src = CARE_OF, .dst = HOME_AGENT, .upper = IP6_MH };
	struct wire_writer w = { .base = mh, .len = len, .pos = len };
	struct mh m;
	size_t at;

	wire_set_u16(&w, 4, 0);
	wire_set_u16(&w, 4, ip6_checksum(&p.src, &p.dst, IP6_MH, mh, len));
	p.mh = mh;
	p.mh_len = len;
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
	return hand_get(&m, ret_hand);
}

static void
fields_are_where_the_layout_says(void **state)
{
	uint8_t want[256], got[256];
	size_t n = hex_octets(octets_of_full, want, sizeof(want)), len;

	(void)state;
	len = encode(&full, MH_EXPERIMENTAL, got, sizeof(got));
	assert_true(len >= n);
	assert_int_equal(len % 8, 0);
	assert_memory_equal(got, want, n);
}

static void
each_kind_comes_back_as_it_was(void **state)
{
	static const struct {
		enum hand_kind kind;
		enum mh_type type;
	} cases[] = {
		{ HAND_ASK, MH_EXPERIMENTAL },
		{ HAND_ANSWER, MH_EXPERIMENTAL },
		{ HAND_EXPECTED, MH_UPN },
		{ HAND_SWITCHED, MH_UPN },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct hand h = full, back;
		uint8_t mh[256];
		size_t n;

		h.kind = cases[i].kind;
		n = encode(&h, cases[i].type, mh, sizeof(mh));
		assert_int_equal(decode(mh, n, &back), 0);
		assert_int_equal(back.kind, h.kind);
		assert_int_equal(back.code, h.code);
		assert_int_equal(back.id, h.id);
		assert_int_equal(back.seq, h.seq);
		assert_int_equal(back.flags, h.flags);
		assert_int_equal(back.lifetime_s, h.lifetime_s);
		assert_true(ip6_equal(&back.home, &h.home));
		assert_true(ip6_equal(&back.careof, &h.careof));
	}
}

/* A kind in the wrong message, somebody else's option, none at all. */
static void
what_is_not_ours_is_not_taken(void **state)
{
	struct mh m = { .type = MH_EXPERIMENTAL };
	uint8_t octets[HAND_OCTETS];
	struct hand h;

	(void)state;
	assert_int_equal(hand_get(&m, &h), -ENOENT);
	hand_put(&m, &full, octets);
	assert_int_equal(hand_get(&m, &h), 0);
	for (unsigned subtype = 0; subtype <= UINT8_MAX; subtype++) {
		m.opts.vendor[0].subtype = (uint8_t)subtype;
		assert_int_equal(
		    hand_get(&m, &h), subtype == HAND_ASK || subtype == HAND_ANSWER ? 0 : -ENOENT);
	}
	m.opts.vendor[0].subtype = HAND_ASK;
	m.opts.vendor[0].vendor++;
	assert_int_equal(hand_get(&m, &h), -ENOENT);
	m.opts.vendor[0].vendor--;
	m.type = MH_BU;
	assert_int_equal(hand_get(&m, &h), -ENOENT);
}

static void
short_data_are_malformed_and_longer_ones_are_of_a_later_version(void **state)
{
	struct mh m = { .type = MH_EXPERIMENTAL };
	uint8_t octets[HAND_OCTETS + 8] = { 0 };
	struct hand h;

	(void)state;
	hand_put(&m, &full, octets);
	for (uint8_t n = 0; n < HAND_OCTETS; n++) {
		m.opts.vendor[0].data.n = n;
		assert_int_equal(hand_get(&m, &h), -EBADMSG);
	}
	m.opts.vendor[0].data.n = sizeof(octets);
	assert_int_equal(hand_get(&m, &h), 0);
	assert_true(ip6_equal(&h.careof, &full.careof));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_the_layout_says),
		cmocka_unit_test(each_kind_comes_back_as_it_was),
		cmocka_unit_test(what_is_not_ours_is_not_taken),
		cmocka_unit_test(short_data_are_malformed_and_longer_ones_are_of_a_later_version),
	};

	return cmocka_run_group_tests_name("hand", tests, NULL, NULL);
}
