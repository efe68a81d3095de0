/* mr_prefix_test.c - see mr_prefix.h. */
#include "mrd/mr_prefix.h"

#include "mrd/mr_test.h"

#define HOME "2001:db8:100::21"

static struct mr_prefix
asked(uint32_t random)
{
	struct icmp6_mps mps;
	struct mr_prefix p;

	mr_prefix_init(&p);
	mr_prefix_want(&p, at_ms(0).now);
	assert_true(mr_prefix_tick(&p, at_ms(0).now, random, &mps));
	assert_int_equal(mps.id, p.id);
	return p;
}

static void
add(struct icmp6_mpa *m, const char *prefix, uint32_t valid_s)
{
	struct nd_prefix *o = &m->prefix[m->n++];

	*o = (struct nd_prefix){ .prefix = prefix_of(prefix), .valid_s = valid_s };
	if (o->prefix.len > 0) { /* with R there are bits behind the length */
		o->flags = ND_PREFIX_R;
		o->prefix.addr.s6_addr[15] = 1;
	}
}

static enum mr_prefix_answer
answer(struct mr_prefix *p, const struct icmp6_mpa *m, int64_t ms, mono_t *ret_until)
{
	struct in6_addr home = addr_of(HOME);

	return mr_prefix_answer(p, m, &home, at_ms(ms).now, ret_until);
}

static void
solicitations_go_at_0_3_9_21_and_45_s_and_then_it_rests(void **state)
{
	static const int64_t times[] = { 0, 3000, 9000, 21000, 45000 };
	struct icmp6_mps mps;
	struct mr_prefix p;

	(void)state;
	mr_prefix_init(&p);
	assert_false(mr_prefix_tick(&p, at_ms(0).now, 1, &mps)); /* nobody wants it */
	mr_prefix_want(&p, at_ms(0).now);
	for (size_t i = 0; i < countof(times); i++) {
		uint16_t id = p.id;

		if (i > 0)
			assert_false(
			    mr_prefix_tick(&p, at_ms(times[i] - 1).now, (uint32_t)i << 20, &mps));
		assert_int_equal(mr_prefix_due(&p).ms, at_ms(times[i]).now.ms);
		mr_prefix_want(&p, at_ms(times[i]).now); /* that is under way */
		assert_true(mr_prefix_tick(&p, at_ms(times[i]).now, (uint32_t)i << 20, &mps));
		if (i > 0)
			assert_int_equal(mps.id, id);
	}
	assert_int_equal(mr_prefix_due(&p).ms, at_ms(77000).now.ms); /* MAX_BINDACK_TIMEOUT */
	assert_false(mr_prefix_tick(&p, at_ms(77000).now, 7, &mps));
	assert_int_equal(mr_prefix_due(&p).ms, INT64_MAX);
	assert_false(p.open);
}

static void
an_identifier_is_random_and_never_that_of_what_is_said_unasked(void **state)
{
	static const uint32_t random[] = { 0, 0xff, 0x100, 0xfffeff, 0xffff00, 0xffffffff };
	uint16_t last = 0;

	(void)state;
	for (size_t i = 0; i < countof(random); i++) {
		struct mr_prefix p = asked(random[i]);

		assert_int_not_equal(p.id, 0);
		if (i > 1)
			assert_int_not_equal(p.id, last);
		last = p.id;
	}
}

static void
what_nobody_asked_for_is_not_believed(void **state)
{
	struct mr_prefix p = asked(4711 << 8), none;
	struct icmp6_mpa m = { .id = p.id };
	mono_t until = { 42 };

	(void)state;
	add(&m, "2001:db8:100::/64", 0);
	mr_prefix_init(&none);
	assert_int_equal(answer(&none, &m, 10, &until), MR_PREFIX_UNASKED);
	m.id = 0;
	assert_int_equal(answer(&p, &m, 10, &until), MR_PREFIX_UNASKED);
	assert_int_equal(answer(&none, &m, 10, &until), MR_PREFIX_UNASKED);
	m.id = p.id ^ 1;
	assert_int_equal(answer(&p, &m, 10, &until), MR_PREFIX_UNASKED);
	assert_int_equal(until.ms, 42);
	assert_int_equal(mr_prefix_due(&p).ms, at_ms(3000).now.ms); /* it goes on */
	m.id = p.id;
	assert_int_equal(answer(&p, &m, 10, &until), MR_PREFIX_LEARNT);
	assert_int_equal(answer(&p, &m, 20, &until), MR_PREFIX_UNASKED); /* once for a value */
	assert_int_equal(mr_prefix_due(&p).ms, INT64_MAX);
}

static void
of_the_prefixes_the_home_addresss_counts(void **state)
{
	static const struct {
		const char *prefix[2];
		uint32_t valid_s[2];
		enum mr_prefix_answer answer;
		int64_t until_ms; /* -1: for ever */
	} rows[] = {
		{ { "2001:db8:100::/64" }, { 100 }, MR_PREFIX_LEARNT, 101000 },
		{ { "2001:db8:101::/64", "2001:db8:100::/56" }, { 9, 100 }, MR_PREFIX_LEARNT,
		    101000 },
		{ { "2001:db8:100::/64", "2001:db8:100::/56" }, { 0, 100 }, MR_PREFIX_LEARNT,
		    1000 },
		{ { "2001:db8:100::/64" }, { UINT32_MAX }, MR_PREFIX_LEARNT, -1 },
		{ { "2001:db8:100::/64" }, { UINT32_MAX - 1 }, MR_PREFIX_LEARNT,
		    1000 + (UINT32_MAX - 1) * INT64_C(1000) },
		{ { "2001:db8:101::/64" }, { 100 }, MR_PREFIX_OTHERS, 0 },
		{ { "::/0" }, { 100 }, MR_PREFIX_OTHERS, 0 },
		{ { NULL }, { 0 }, MR_PREFIX_OTHERS, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_prefix p = asked(4711 << 8);
		struct icmp6_mpa m = { .id = p.id };
		mono_t until = { 0 };

		for (size_t k = 0; k < 2 && rows[i].prefix[k]; k++)
			add(&m, rows[i].prefix[k], rows[i].valid_s[k]);
		assert_int_equal(answer(&p, &m, 1000, &until), rows[i].answer);
		if (rows[i].until_ms < 0)
			assert_int_equal(until.ms, INT64_MAX);
		else if (rows[i].answer == MR_PREFIX_LEARNT)
			assert_int_equal(until.ms, at_ms(rows[i].until_ms).now.ms);
		assert_int_equal(mr_prefix_due(&p).ms, INT64_MAX);
	}
}

static void
wanting_it_again_and_again_asks_every_3_s(void **state)
{
	struct mr_prefix p = asked(4711 << 8);
	struct icmp6_mpa m = { .id = p.id };
	struct icmp6_mps mps;
	unsigned asked_n = 1;
	mono_t until;

	(void)state;
	for (int64_t ms = 1; ms <= 30000; ms++) {
		m.id = p.id;
		(void)answer(&p, &m, ms, &until);
		mr_prefix_want(&p, at_ms(ms).now);
		asked_n += mr_prefix_tick(&p, at_ms(ms).now, (uint32_t)ms << 8, &mps);
	}
	assert_int_equal(asked_n, 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("M-51", solicitations_go_at_0_3_9_21_and_45_s_and_then_it_rests),
		TEST("M-51", an_identifier_is_random_and_never_that_of_what_is_said_unasked),
		TEST("M-51", what_nobody_asked_for_is_not_believed),
		TEST("M-51 M-38", of_the_prefixes_the_home_addresss_counts),
		TEST("M-51", wanting_it_again_and_again_asks_every_3_s),
	};

	return cmocka_run_group_tests_name("mr_prefix", tests, NULL, NULL);
}
