/* mr_gateway_test.c - see mr_gateway.h. */
#include "mrd/mr_gateway.h"

#include "mrd/mr_test.h"

static struct mr_gateway_conf
gateway(void)
{
	struct mr_gateway_conf c = {
		.router_lifetime_ms = 1800000,
		.interval_min_ms = 200000,
		.interval_max_ms = 600000,
		.valid_ms = 86400000,
		.preferred_ms = 14400000,
		.rdnss_lifetime_ms = 1800000,
		.autonomous = true,
		.rdnss_n = 1,
	};

	c.address = addr_of("fe80::1");
	c.mac = mac_of("02:00:5e:00:52:13");
	c.rdnss[0] = addr_of("2001:db8::53");
	return c;
}

static struct mr_guest_conf
guest(void)
{
	struct mr_guest_conf g = { .prefixes = 2 };

	g.prefix[0] = prefix_of("2001:db8:200:1::/64");
	g.prefix[1] = prefix_of("2001:db8:200:2:ff::/80");
	return g;
}

/* ---- what ---- */

static void
the_advertisement_says_what_is_configured(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_guest_conf g = guest();
	struct nd_ra ra;

	(void)state;
	c.other = true;
	mr_gateway_ra(&c, &g, 1460, false, &ra);
	assert_int_equal(ra.hop_limit, 64);
	assert_int_equal(ra.flags, ND_RA_O);
	assert_int_equal(ra.lifetime_s, 1800);
	assert_int_equal(ra.mtu, 1460);
	assert_int_equal(ra.prefixes, 2);
	assert_int_equal(ra.prefix[0].valid_s, 86400);
	assert_int_equal(ra.prefix[0].preferred_s, 14400);
	assert_int_equal(ra.rdnss_n, 1);
	assert_int_equal(ra.rdnss_lifetime_s, 1800);
	c.mtu = 1400;
	c.managed = true;
	mr_gateway_ra(&c, &g, 1460, false, &ra);
	assert_int_equal(ra.mtu, 1400);
	assert_int_equal(ra.flags, ND_RA_M | ND_RA_O);
}

static void
prefixes_are_off_link_and_only_a_64_makes_addresses(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_guest_conf g = guest();
	struct nd_ra ra;

	(void)state;
	mr_gateway_ra(&c, &g, 0, false, &ra);
	assert_int_equal(ra.prefix[0].flags, ND_PREFIX_A);
	assert_int_equal(ra.prefix[1].flags, 0);
	c.autonomous = false;
	mr_gateway_ra(&c, &g, 0, false, &ra);
	assert_int_equal(ra.prefix[0].flags, 0);
}

static void
refused_prefixes_are_advertised_with_no_lifetime(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_guest_conf g = guest();
	struct nd_ra ra;

	(void)state;
	mr_gateway_ra(&c, &g, 1460, true, &ra);
	assert_int_equal(ra.lifetime_s, 0);
	assert_int_equal(ra.prefixes, 2);
	assert_int_equal(ra.prefix[0].valid_s, 0);
	assert_int_equal(ra.prefix[1].preferred_s, 0);
}

static void
a_guests_link_gets_these_settings_in_this_order(void **state)
{
	static const struct {
		const char *name, *value;
	} want[] = {
		{ "sysctl net/ipv6/conf/brvm/disable_ipv6", "0" },
		{ "sysctl net/ipv6/conf/brvm/accept_ra", "0" },
		{ "sysctl net/ipv6/conf/brvm/forwarding", "1" },
		{ "sysctl net/ipv6/conf/brvm/proxy_ndp", "1" },
		{ "sysctl net/ipv6/neigh/brvm/proxy_delay", "0" },
		{ "link brvm addrgenmode", "none" },
		{ "link brvm address", "02:00:5e:00:52:13" },
		{ "address brvm fe80::1/64", "present" },
	};
	struct mr_setting v[MR_LINK_SETTINGS_MAX];
	struct mr_gateway_conf c = gateway();

	(void)state;
	assert_int_equal(mr_gateway_link_settings(&c, "brvm", v), countof(want));
	for (size_t i = 0; i < countof(want); i++) {
		assert_string_equal(v[i].name, want[i].name);
		assert_string_equal(v[i].value, want[i].value);
		assert_string_equal(v[i].unless, "");
	}
}

static void
the_host_becomes_a_router_that_listens_to_its_own(void **state)
{
	struct mr_setting v[MR_HOST_SETTINGS_MAX];

	(void)state;
	assert_int_equal(mr_gateway_host_settings("eth0", v), 2);
	assert_string_equal(v[0].name, "sysctl net/ipv6/conf/eth0/accept_ra");
	assert_string_equal(v[0].value, "2");
	assert_string_equal(v[0].unless, "0"); /* who takes none, takes none */
	assert_string_equal(v[1].name, "sysctl net/ipv6/conf/all/forwarding");
	assert_string_equal(v[1].value, "1");
}

static void
it_is_no_router_on_its_uplink_unless_told(void **state)
{
	struct mr_setting s;

	(void)state;
	mr_gateway_uplink_setting("eth0", false, &s);
	assert_string_equal(s.name, "sysctl net/ipv6/conf/eth0/forwarding");
	assert_string_equal(s.value, "0");
	assert_string_equal(s.unless, "");
	mr_gateway_uplink_setting("eth0", true, &s);
	assert_string_equal(s.value, "1");
}

/* ---- when ---- */

/* Run the schedule until then; count what was sent and when the announcements were. */
static unsigned
run(struct mr_gateway *gw, const struct mr_gateway_conf *c, int64_t until_ms, int64_t *na_ms,
    unsigned *ret_ra)
{
	uint32_t random = 1;
	unsigned na = 0, ra = 0;
	mono_t due;

	while (due = mr_gateway_due(gw), due.ms <= until_ms) {
		unsigned send = mr_gateway_tick(gw, c, due, random = random * 1664525 + 1013904223);

		assert_int_not_equal(send, 0);
		if (send & MR_GATEWAY_NA)
			na_ms[na++] = due.ms;
		ra += (send & MR_GATEWAY_RA) != 0;
	}
	*ret_ra = ra;
	return na;
}

static void
an_arrival_is_announced_three_times_a_second_apart(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_gateway gw = { 0 };
	int64_t na_ms[8];
	unsigned ra;

	(void)state;
	mr_gateway_start(&gw, (mono_t){ 5000 });
	assert_int_equal(run(&gw, &c, 100000, na_ms, &ra), 3);
	assert_int_equal(na_ms[0], 5000);
	assert_int_equal(na_ms[1], 6000);
	assert_int_equal(na_ms[2], 7000);
	assert_int_equal(ra, 1);
}

static void
advertisements_come_between_the_least_and_the_most_apart(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_gateway gw = { 0 };
	int64_t last = 0, shortest = INT64_MAX, longest = 0;
	uint32_t random = 7;

	(void)state;
	mr_gateway_start(&gw, (mono_t){ 0 });
	for (int i = 0; i < 2000; i++) {
		mono_t due = gw.ra_due;

		(void)mr_gateway_tick(&gw, &c, due, random = random * 1664525 + 1013904223);
		if (i > 0) {
			shortest = due.ms - last < shortest ? due.ms - last : shortest;
			longest = due.ms - last > longest ? due.ms - last : longest;
		}
		last = due.ms;
	}
	assert_in_range(shortest, 200000, 205000);
	assert_in_range(longest, 595000, 600000);
}

static void
a_burst_of_solicitations_gets_three_answers_a_second(void **state)
{
	struct mr_gateway gw = { 0 };
	unsigned answered = 0;

	(void)state;
	assert_false(mr_gateway_solicited(&gw, (mono_t){ 0 })); /* it is not here */
	mr_gateway_start(&gw, (mono_t){ 0 });
	for (int ms = 0; ms < 10; ms++)
		answered += mr_gateway_solicited(&gw, (mono_t){ ms });
	assert_int_equal(answered, 3);
	for (int ms = 10; ms < 10010; ms++)
		answered += mr_gateway_solicited(&gw, (mono_t){ ms });
	assert_in_range(answered, 30, 33);
	answered = 0;
	for (int ms = 0; ms < 10; ms++)
		answered += mr_gateway_solicited(&gw, (mono_t){ 3600000 + ms });
	assert_int_equal(answered, 3); /* silence saves up no more than a burst */
}

static void
a_guest_that_stopped_is_told_nothing(void **state)
{
	struct mr_gateway_conf c = gateway();
	struct mr_gateway gw = { 0 };

	(void)state;
	mr_gateway_start(&gw, (mono_t){ 0 });
	mr_gateway_stop(&gw);
	mr_gateway_changed(&gw, (mono_t){ 10 });
	assert_int_equal(mr_gateway_due(&gw).ms, INT64_MAX);
	assert_int_equal(mr_gateway_tick(&gw, &c, (mono_t){ 1000000 }, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("A-05", the_advertisement_says_what_is_configured),
		TEST("A-05", prefixes_are_off_link_and_only_a_64_makes_addresses),
		TEST("N-34", refused_prefixes_are_advertised_with_no_lifetime),
		TEST("A-05", a_guests_link_gets_these_settings_in_this_order),
		TEST("N-41", the_host_becomes_a_router_that_listens_to_its_own),
		TEST("N-42", it_is_no_router_on_its_uplink_unless_told),
		TEST("A-03", an_arrival_is_announced_three_times_a_second_apart),
		TEST("A-05", advertisements_come_between_the_least_and_the_most_apart),
		TEST("A-05", a_burst_of_solicitations_gets_three_answers_a_second),
		TEST("X-03", a_guest_that_stopped_is_told_nothing),
	};

	return cmocka_run_group_tests_name("mr_gateway", tests, NULL, NULL);
}
