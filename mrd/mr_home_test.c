/* mr_home_test.c - see mr_home.h: links made of addresses and advertisements. */
#include "mrd/mr_home.h"

#include "mrd/mr_test.h"

#define AGENT "2001:db8:100::1"
#define HOA "2001:db8:100::21"

static mono_t
at(int64_t ms)
{
	return at_ms(ms).now;
}

static void
uplink_has(struct mr_home *home, const char *addr)
{
	struct mr_move_addr v = { 0 };

	if (addr)
		v.addr = addr_of(addr);
	mr_home_addresses(home, &v, addr ? 1 : 0);
}

static bool
has(const struct mr_home *home, const char *addr, int64_t ms)
{
	struct in6_addr a = addr_of(addr);

	return mr_home_has(home, &a, at(ms));
}

static struct mr_home
configured(const char *prefix)
{
	struct mr_home home = { 0 };
	struct ip6_prefix p = prefix_of(prefix);

	mr_home_configure(&home, &p, 1, false);
	return home;
}

/* The home agent advertises: its address in the prefix, R. */
static bool
advertise(struct mr_home *home, uint8_t flags, uint8_t prefix_flags, const char *addr,
    uint32_t valid_s, int64_t ms)
{
	struct nd_ra ra = { .flags = flags, .prefixes = 1 };
	struct nd_path path = { .from = mac_of("02:00:00:00:00:01") };
	struct in6_addr agent = addr_of(AGENT);

	ra.prefix[0] = (struct nd_prefix){ .flags = prefix_flags, .valid_s = valid_s };
	ra.prefix[0].prefix = (struct ip6_prefix){ .addr = addr_of(addr), .len = 64 };
	return mr_home_advertised(home, &path, &ra, &agent, at(ms));
}

static void
home_is_where_uplink_and_home_address_share_a_home_prefix(void **state)
{
	static const struct {
		const char *prefix, *uplink, *home_address;
		bool want;
	} rows[] = {
		{ "2001:db8:100::/64", "2001:db8:100::10", HOA, true },
		{ "2001:db8:100::/64", "2001:db8:a::10", HOA, false },
		{ "2001:db8:100::/64", NULL, HOA, false },
		{ "2001:db8:100::/64", "2001:db8:100::10", "2001:db8:200:1::1", false },
		{ "2001:db8::/32", "2001:db8:a::10", HOA, true },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_home home = configured(rows[i].prefix);

		uplink_has(&home, rows[i].uplink);
		assert_int_equal(has(&home, rows[i].home_address, 0), rows[i].want);
	}
}

static void
a_tentative_address_is_none(void **state)
{
	struct mr_home home = configured("2001:db8:100::/64");
	struct mr_move_addr v = { .addr = addr_of("2001:db8:100::10"), .tentative = true };

	(void)state;
	mr_home_addresses(&home, &v, 1);
	assert_false(has(&home, HOA, 0));
}

static void
without_a_home_prefix_nobody_is_at_home_whatever_is_advertised(void **state)
{
	struct mr_home home = { 0 };

	(void)state;
	mr_home_configure(&home, NULL, 0, false);
	uplink_has(&home, "2001:db8:100::10");
	assert_true(advertise(&home, ND_RA_H, ND_PREFIX_R | ND_PREFIX_L, AGENT, 3600, 0));
	assert_false(has(&home, HOA, 0));
}

static void
a_prefix_is_learnt_from_the_home_agent_for_its_valid_lifetime(void **state)
{
	const uint8_t good = ND_PREFIX_R | ND_PREFIX_L;
	struct mr_home home = { 0 };

	(void)state;
	mr_home_configure(&home, NULL, 0, true);
	uplink_has(&home, "2001:db8:100::10");
	/* Not a home agent; not ours; no address of it; not on the link. */
	assert_false(advertise(&home, 0, good, AGENT, 3600, 0));
	assert_false(advertise(&home, ND_RA_H, good, "2001:db8:100::2", 3600, 0));
	assert_false(advertise(&home, ND_RA_H, ND_PREFIX_L, AGENT, 3600, 0));
	assert_false(has(&home, HOA, 0));
	assert_true(advertise(&home, ND_RA_H, ND_PREFIX_R, AGENT, 3600, 0));
	assert_false(has(&home, HOA, 0));

	assert_true(advertise(&home, ND_RA_H, good, AGENT, 60, 0));
	assert_true(has(&home, HOA, 59999));
	assert_false(has(&home, HOA, 60000));
	assert_int_equal(mr_home_due(&home, at(0)).ms, at(60000).ms);
	assert_int_equal(mr_home_due(&home, at(60000)).ms, INT64_MAX);
	/* Again, and then withdrawn. */
	assert_true(advertise(&home, ND_RA_H, good, AGENT, UINT32_MAX, 50000));
	assert_true(has(&home, HOA, 1000000000));
	assert_true(advertise(&home, ND_RA_H, good, AGENT, 0, 60000));
	assert_false(has(&home, HOA, 60000));
}

static void
another_link_forgets_what_was_heard(void **state)
{
	struct in6_addr agent = addr_of(AGENT);
	struct mr_home home = { 0 };

	(void)state;
	mr_home_configure(&home, NULL, 0, true);
	uplink_has(&home, "2001:db8:100::10");
	advertise(&home, ND_RA_H, ND_PREFIX_R | ND_PREFIX_L, AGENT, 3600, 0);
	assert_non_null(mr_home_mac(&home, &agent));
	uplink_has(&home, "2001:db8:100::10");
	assert_non_null(mr_home_mac(&home, &agent));
	uplink_has(&home, "2001:db8:a::10");
	assert_null(mr_home_mac(&home, &agent));
	uplink_has(&home, "2001:db8:100::10");
	assert_false(has(&home, HOA, 0));
}

static void
macs_of_four_home_agents_are_kept_the_newest(void **state)
{
	struct mr_home home = { 0 };
	struct nd_mac mac = mac_of("02:00:00:00:00:01");
	struct in6_addr agent[6];

	(void)state;
	for (uint8_t i = 0; i < 6; i++) {
		agent[i] = addr_of(AGENT);
		agent[i].s6_addr[15] = i;
		mac.b[5] = i;
		mr_home_neighbour(&home, &agent[i], &mac);
		mr_home_neighbour(&home, &agent[i > 3 ? 3 : 0], &mac);
	}
	assert_null(mr_home_mac(&home, &agent[1]));
	assert_int_equal(mr_home_mac(&home, &agent[3])->b[5], 5); /* another one now */
	assert_int_equal(mr_home_mac(&home, &agent[5])->b[5], 5);
	assert_int_equal(home.agents, MR_HOME_AGENT_MAX);
}

/* ---- one guest ---- */

static struct mr_homing
abroad(void)
{
	struct mr_homing h;

	mr_homing_init(&h);
	return h;
}

static void
with_the_mac_known_it_returns_at_once(void **state)
{
	struct mr_homing h = abroad();

	(void)state;
	assert_int_equal(mr_homing_tick(&h, at(0)), MR_HOMING_NOTHING);
	assert_int_equal(mr_homing_begin(&h, true, at(0)), MR_HOMING_RETURN);
	assert_int_equal(mr_homing_begin(&h, true, at(0)), MR_HOMING_NOTHING);
	assert_int_equal(h.due.ms, INT64_MAX);
}

static void
else_it_asks_once_and_goes_on_with_the_answer_or_after_a_second(void **state)
{
	struct mr_homing h = abroad();

	(void)state;
	assert_int_equal(mr_homing_begin(&h, false, at(0)), MR_HOMING_SOLICIT);
	assert_int_equal(mr_homing_tick(&h, at(999)), MR_HOMING_NOTHING);
	assert_int_equal(mr_homing_answered(&h), MR_HOMING_RETURN);
	assert_int_equal(mr_homing_answered(&h), MR_HOMING_NOTHING);
	assert_int_equal(mr_homing_tick(&h, at(1000)), MR_HOMING_NOTHING);

	h = abroad();
	assert_int_equal(mr_homing_begin(&h, false, at(0)), MR_HOMING_SOLICIT);
	assert_int_equal(mr_homing_tick(&h, at(1000)), MR_HOMING_RETURN);
	assert_int_equal(h.due.ms, INT64_MAX);
}

static void
the_home_address_is_announced_three_times_a_second_apart(void **state)
{
	struct mr_homing h = abroad();
	unsigned n = 0;

	(void)state;
	mr_homing_begin(&h, true, at(0));
	mr_homing_returned(&h, at(100));
	for (int64_t ms = 100; ms < 10000; ms++) {
		if (mr_homing_tick(&h, at(ms)) != MR_HOMING_ANNOUNCE)
			continue;
		assert_int_equal(ms, 100 + 1000 * n);
		n++;
	}
	assert_int_equal(n, 3);

	mr_homing_returned(&h, at(20000));
	assert_int_equal(mr_homing_tick(&h, at(20000)), MR_HOMING_ANNOUNCE);
	mr_homing_quiet(&h);
	assert_int_equal(mr_homing_tick(&h, at(30000)), MR_HOMING_NOTHING);
}

static void
quiet_leaves_a_question_open(void **state)
{
	struct mr_homing h = abroad();

	(void)state;
	mr_homing_begin(&h, false, at(0));
	mr_homing_quiet(&h);
	assert_int_equal(mr_homing_tick(&h, at(1000)), MR_HOMING_RETURN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("N-43 M-61", home_is_where_uplink_and_home_address_share_a_home_prefix),
		TEST("N-43", a_tentative_address_is_none),
		TEST("N-43 H-01", without_a_home_prefix_nobody_is_at_home_whatever_is_advertised),
		TEST("N-43 N-41", a_prefix_is_learnt_from_the_home_agent_for_its_valid_lifetime),
		TEST("N-43", another_link_forgets_what_was_heard),
		TEST("M-62", macs_of_four_home_agents_are_kept_the_newest),
		TEST("M-62", with_the_mac_known_it_returns_at_once),
		TEST("M-62", else_it_asks_once_and_goes_on_with_the_answer_or_after_a_second),
		TEST("M-63", the_home_address_is_announced_three_times_a_second_apart),
		TEST("M-62 X-03", quiet_leaves_a_question_open),
	};

	return cmocka_run_group_tests_name("mr_home", tests, NULL, NULL);
}
