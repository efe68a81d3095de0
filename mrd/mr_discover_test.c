/* mr_discover_test.c - see mr_discover.h. */
#include "mrd/mr_discover.h"

#include "mrd/mr_test.h"

static struct mr_discover
asking(void)
{
	const struct ip6_prefix home = prefix_of("2001:db8:100::/64");
	struct mr_discover d;

	mr_discover_init(&d, &home);
	mr_discover_want(&d, at_ms(0).now);
	return d;
}

static struct icmp6_dhaad
reply_of(const struct mr_discover *d, const char *const *agents)
{
	struct icmp6_dhaad r = { .reply = true, .id = d->id, .mobile_router = true };

	for (; *agents; agents++)
		r.agent[r.n++] = addr_of(*agents);
	return r;
}

static void
requests_go_at_0_3_9_21_and_45_s_and_then_it_rests(void **state)
{
	static const int64_t times[] = { 0, 3000, 9000, 21000, 45000 };
	struct mr_discover d = asking();
	struct icmp6_dhaad request;
	uint16_t id = 0;

	(void)state;
	for (size_t i = 0; i < countof(times); i++) {
		if (i > 0)
			assert_false(mr_discover_tick(
			    &d, at_ms(times[i] - 1).now, (uint32_t)i << 20, &request));
		assert_int_equal(mr_discover_due(&d).ms, at_ms(times[i]).now.ms);
		assert_true(mr_discover_tick(&d, at_ms(times[i]).now, (uint32_t)i << 20, &request));
		assert_true(request.mobile_router);
		assert_false(request.reply);
		if (i > 0)
			assert_int_equal(request.id, id);
		id = request.id;
	}
	assert_false(mr_discover_tick(&d, at_ms(93000).now, 7, &request));
	assert_int_equal(mr_discover_due(&d).ms, INT64_MAX);
	mr_discover_want(&d, at_ms(93000).now);
	assert_int_equal(mr_discover_due(&d).ms, at_ms(93000 + MR_DISCOVER_PAUSE_MS).now.ms);
}

static void
the_replys_order_is_kept(void **state)
{
	static const char *const agents[] = { "2001:db8:100::9", "2001:db8:100::1",
		"2001:db8:100::5", NULL };
	struct mr_discover d = asking();
	struct icmp6_dhaad request, reply;
	struct mr_agents found;

	(void)state;
	assert_true(mr_discover_tick(&d, at_ms(0).now, 4711, &request));
	reply = reply_of(&d, agents);
	assert_int_equal(mr_discover_answer(&d, &reply, at_ms(50).now, &found), MR_DISCOVERED);
	assert_int_equal(found.n, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct in6_addr a = addr_of(agents[i]);

		assert_true(ip6_equal(&found.v[i], &a));
	}
	assert_int_equal(mr_discover_due(&d).ms, INT64_MAX);
	/* Once is enough: whoever comes late is not believed. */
	assert_int_equal(
	    mr_discover_answer(&d, &reply, at_ms(60).now, &found), MR_DISCOVERED_UNASKED);
}

static void
what_nobody_asked_for_is_not_believed(void **state)
{
	static const char *const one[] = { "2001:db8:100::1", NULL };
	struct mr_discover d = asking();
	struct icmp6_dhaad request, reply;
	struct mr_agents found;

	(void)state;
	reply = reply_of(&d, one);
	assert_int_equal(
	    mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED_UNASKED);
	assert_true(mr_discover_tick(&d, at_ms(0).now, 4711, &request));
	reply = reply_of(&d, one);
	reply.id ^= 1;
	assert_int_equal(
	    mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED_UNASKED);
	reply.id ^= 1;
	reply.reply = false;
	assert_int_equal(
	    mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED_UNASKED);
}

static void
home_agents_without_routers_or_from_elsewhere_are_none(void **state)
{
	static const char *const plain[] = { "2001:db8:100::1", NULL };
	static const char *const elsewhere[] = { "2001:db8:bad::1", "fe80::1", "ff02::1", NULL };
	static const char *const mixed[] = { "2001:db8:bad::1", "2001:db8:100::1",
		"2001:db8:100::1", NULL };
	struct mr_discover d = asking();
	struct icmp6_dhaad request, reply;
	struct mr_agents found;

	(void)state;
	assert_true(mr_discover_tick(&d, at_ms(0).now, 4711, &request));
	reply = reply_of(&d, plain);
	reply.mobile_router = false;
	assert_int_equal(mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED_NONE);
	reply = reply_of(&d, elsewhere);
	assert_int_equal(mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED_NONE);
	assert_int_equal(mr_discover_due(&d).ms, at_ms(3000).now.ms); /* it goes on */
	reply = reply_of(&d, mixed);
	assert_int_equal(mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED);
	assert_int_equal(found.n, 1);
}

static void
more_than_can_be_used_are_the_first_of_them(void **state)
{
	struct mr_discover d = asking();
	struct icmp6_dhaad request, reply = { .reply = true, .mobile_router = true };
	struct mr_agents found;

	(void)state;
	assert_true(mr_discover_tick(&d, at_ms(0).now, 4711, &request));
	reply.id = d.id;
	for (unsigned i = 0; i < ICMP6_AGENTS_MAX; i++) {
		reply.agent[reply.n] = addr_of("2001:db8:100::");
		reply.agent[reply.n++].s6_addr[15] = (uint8_t)(i + 1);
	}
	assert_int_equal(mr_discover_answer(&d, &reply, at_ms(0).now, &found), MR_DISCOVERED);
	assert_int_equal(found.n, MR_AGENTS_MAX);
	assert_int_equal(found.v[MR_AGENTS_MAX - 1].s6_addr[15], MR_AGENTS_MAX);
}

static void
wanting_it_again_and_again_asks_once_a_minute(void **state)
{
	static const char *const one[] = { "2001:db8:100::1", NULL };
	struct mr_discover d = asking();
	struct icmp6_dhaad request, reply;
	struct mr_agents found;
	unsigned sends = 0;

	(void)state;
	for (int64_t ms = 0; ms < 600000; ms += 100) {
		mr_discover_want(&d, at_ms(ms).now);
		if (!mr_discover_tick(&d, at_ms(ms).now, (uint32_t)ms, &request))
			continue;
		sends++;
		reply = reply_of(&d, one);
		assert_int_equal(
		    mr_discover_answer(&d, &reply, at_ms(ms).now, &found), MR_DISCOVERED);
	}
	assert_int_equal(sends, 10);
}

static void
without_a_home_link_nobody_is_asked(void **state)
{
	static const struct ip6_prefix none;
	struct icmp6_dhaad request;
	struct mr_discover d;

	(void)state;
	mr_discover_init(&d, &none);
	mr_discover_want(&d, at_ms(0).now);
	assert_false(mr_discover_tick(&d, at_ms(0).now, 1, &request));
	assert_int_equal(mr_discover_due(&d).ms, INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("M-46", requests_go_at_0_3_9_21_and_45_s_and_then_it_rests),
		TEST("M-45 M-46", the_replys_order_is_kept),
		TEST("M-46", what_nobody_asked_for_is_not_believed),
		TEST("N-44 M-46", home_agents_without_routers_or_from_elsewhere_are_none),
		TEST("M-46", more_than_can_be_used_are_the_first_of_them),
		TEST("M-46", wanting_it_again_and_again_asks_once_a_minute),
		TEST("M-46", without_a_home_link_nobody_is_asked),
	};

	return cmocka_run_group_tests_name("mr_discover", tests, NULL, NULL);
}
