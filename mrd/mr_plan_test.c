/* mr_plan_test.c - see mr_plan.h: doc/design.md's tables, as lines. */
#include "mrd/mr_plan.h"

#include <stdlib.h>

#include "mrd/mr_test.h"

#define TUNNEL "tunnel(2001:db8:100::1)"
#define VIA "via fe80::5054:ff:fe00:1 dev brvm"
#define LIVE_LINE "route 2001:db8:200:1::/64 " VIA " table 5201 metric 1024\n"

static struct mr_host
host(void)
{
	struct mr_host h = { .table_base = 5200, .rule_priority = 5200 };

	h.careof = addr_of("2001:db8:a::10");
	return h;
}

static struct mr_guest
guest(enum mr_guest_state state, enum mr_reg_state reg)
{
	struct mr_guest g = { .state = state, .index = 7, .conf = { .link = "brvm" } };

	g.reg.state = reg;
	g.reg.with.home_agent = addr_of("2001:db8:100::1");
	g.conf.home_address = addr_of("2001:db8:200:1::1");
	g.conf.prefix[g.conf.prefixes++] = prefix_of("2001:db8:200:1::/64");
	g.conf.mac[g.conf.macs++] = mac_of("52:54:00:00:00:01");
	return g;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The plan as sorted lines. */
static char *
lines_of(const struct mr_guest *g, const struct mr_host *h)
{
	static char text[64 * KOBJ_TEXT_MAX];
	char line[64][KOBJ_TEXT_MAX];
	struct plan p = { 0 };

	mr_plan(g, h, &p);
	assert_false(p.bad);
	assert_true(p.n <= countof(line));
	for (size_t i = 0; i < p.n; i++)
		kobj_text(&p.v[i], line[i]);
	qsort(line, p.n, sizeof(line[0]), by_text);
	text[0] = '\0';
	for (size_t i = 0; i < p.n; i++) {
		for (size_t k = i + 1; k < p.n; k++)
			assert_false(kobj_same_key(&p.v[i], &p.v[k])); /* nothing twice */
		strcat(text, line[i]);
		strcat(text, "\n");
	}
	plan_done(&p);
	return text;
}

static void
assert_has(const char *lines, const char *line)
{
	if (!strstr(lines, line))
		fail_msg("not in the plan: %s\n%s", line, lines);
}

static void
assert_has_not(const char *lines, const char *line)
{
	if (strstr(lines, line))
		fail_msg("in the plan: %s\n%s", line, lines);
}

static void
an_incoming_guest_has_all_but_the_live_route(void **state)
{
	struct mr_guest g = guest(MR_INCOMING, MR_REG_IDLE);
	struct mr_host h = host();

	(void)state;
	assert_string_equal(lines_of(&g, &h),
	    "address 2001:db8:200:1::1/128 dev lo home\n"
	    "neighbour fe80::5054:ff:fe00:1 dev brvm lladdr 52:54:00:00:00:01\n"
	    "pass destination 2001:db8:200:1::/64 iif " TUNNEL "\n"
	    "proxy 2001:db8:200:1::1 dev brvm\n"
	    "route 2001:db8:200:1::/64 " VIA " table 5200 metric 1024\n"
	    "route 2001:db8:200:1::/64 " VIA " table 5217 metric 1024\n"
	    "route blackhole default table 5217 metric 1024\n"
	    "route unreachable 2001:db8:200:1::/64 table 5200 metric 4096\n"
	    "route unreachable default table 5200 metric 4096\n"
	    "route unreachable default table 5202 metric 1024\n"
	    "rule priority 5200 iif " TUNNEL " lookup 5200\n"
	    "rule priority 5202 from 2001:db8:200:1::/64 iif brvm lookup 5217\n"
	    "rule priority 5202 from 2001:db8:200:1::1/128 iif lo lookup 5217\n"
	    "rule priority 5203 iif brvm lookup 5202\n"
	    "tunnel local 2001:db8:a::10 remote 2001:db8:100::1\n");
}

static void
a_running_guest_is_live_and_its_default_waits_for_the_answer(void **state)
{
	static const struct {
		enum mr_reg_state reg;
		const char *type;
	} rows[] = {
		{ MR_REG_IDLE, "blackhole" },
		{ MR_REG_WAITING, "blackhole" },
		{ MR_REG_LAPSED, "unreachable" },
		{ MR_REG_REFUSED, "unreachable" },
		{ MR_REG_STOPPED, "unreachable" },
		{ MR_REG_BARRED, "unreachable" },
		{ MR_REG_UNROUTED, "unreachable" },
		{ MR_REG_BOUND, NULL },
	};
	struct mr_host h = host();
	char line[128];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_guest g = guest(MR_RUNNING, rows[i].reg);
		const char *lines = lines_of(&g, &h);

		assert_has(lines, LIVE_LINE);
		assert_has(lines, "rule priority 5204 lookup 5201\n");
		if (rows[i].type)
			snprintf(line, sizeof(line), "route %s default table 5217 metric 1024\n",
			    rows[i].type);
		else
			snprintf(line, sizeof(line),
			    "route default dev " TUNNEL " table 5217 metric 1024\n");
		assert_has(lines, line);
	}
}

static void
a_suspended_guest_has_the_plan_of_a_running_one(void **state)
{
	struct mr_guest running = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_guest suspended = guest(MR_SUSPENDED, MR_REG_BOUND);
	struct mr_host h = host();
	char lines[64 * KOBJ_TEXT_MAX];

	(void)state;
	snprintf(lines, sizeof(lines), "%s", lines_of(&running, &h));
	assert_string_equal(lines, lines_of(&suspended, &h));
}

static void
a_leaving_guest_catches_late_packets_and_sends_none(void **state)
{
	struct mr_guest g = guest(MR_LEAVING, MR_REG_IDLE);
	struct mr_host h = host();

	(void)state;
	assert_string_equal(lines_of(&g, &h),
	    "pass destination 2001:db8:200:1::/64 iif " TUNNEL " late\n"
	    "route blackhole 2001:db8:200:1::/64 table 5200 metric 1024\n"
	    "route unreachable 2001:db8:200:1::/64 table 5200 metric 4096\n"
	    "route unreachable default table 5200 metric 4096\n"
	    "rule priority 5200 iif " TUNNEL " lookup 5200\n"
	    "tunnel local 2001:db8:a::10 remote 2001:db8:100::1\n");
}

static void
an_absent_guest_leaves_an_unreachable_route_alone(void **state)
{
	struct mr_guest g = guest(MR_ABSENT, MR_REG_IDLE);
	struct mr_host h = host();

	(void)state;
	assert_string_equal(
	    lines_of(&g, &h), "route unreachable 2001:db8:200:1::/64 table 5200 metric 4096\n");
}

static void
only_its_own_sources_from_its_own_link_find_the_tunnel(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();
	const char *lines = lines_of(&g, &h);

	(void)state;
	assert_has(lines, "rule priority 5202 from 2001:db8:200:1::/64 iif brvm lookup 5217\n");
	assert_has(lines, "rule priority 5202 from 2001:db8:200:1::1/128 iif lo lookup 5217\n");
	assert_has(lines, "rule priority 5203 iif brvm lookup 5202\n");
	assert_has(lines, "route unreachable default table 5202 metric 1024\n");
}

static void
local_delivery_is_for_its_own_sources_too(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();

	(void)state;
	assert_has_not(lines_of(&g, &h), "rule priority 5201 ");
	h.local_delivery = true;
	assert_has(
	    lines_of(&g, &h), "rule priority 5201 from 2001:db8:200:1::/64 iif brvm lookup 5201\n");
}

static void
a_home_address_apart_has_a_pass_of_its_own(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();

	(void)state;
	assert_has_not(lines_of(&g, &h), "destination 2001:db8:200:1::1/128");
	g.conf.home_address = addr_of("2001:db8:ff::1");
	assert_has(lines_of(&g, &h), "destination 2001:db8:ff::1/128");
	assert_has(
	    lines_of(&g, &h), "rule priority 5202 from 2001:db8:ff::1/128 iif lo lookup 5217\n");
}

static void
with_several_macs_or_none_the_route_is_on_link(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();

	(void)state;
	for (unsigned macs = 0; macs <= 2; macs += 2) {
		g.conf.macs = (uint8_t)macs;
		assert_has_not(lines_of(&g, &h), "neighbour");
		assert_has(lines_of(&g, &h),
		    "route 2001:db8:200:1::/64 dev brvm table 5201 metric 1024\n");
	}
}

static void
the_previous_care_of_address_still_takes_packets_late(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_WAITING);
	struct mr_host h = host();
	const char *lines;

	(void)state;
	h.late_careof = h.careof;
	h.careof = addr_of("2001:db8:b::10");
	lines = lines_of(&g, &h);
	assert_has(lines, "tunnel local 2001:db8:a::10 remote 2001:db8:100::1\n");
	assert_has(lines, "tunnel local 2001:db8:b::10 remote 2001:db8:100::1\n");
	assert_has(lines, "pass destination 2001:db8:200:1::/64 iif " TUNNEL "\n");
	assert_has(lines, "pass destination 2001:db8:200:1::/64 iif " TUNNEL " late\n");
	assert_has(lines, "route blackhole default table 5217 metric 1024\n");
}

static void
without_a_care_of_address_there_is_no_tunnel_and_no_way_out(void **state)
{
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();

	(void)state;
	h.careof = in6addr_any;
	assert_has_not(lines_of(&g, &h), "tunnel");
	assert_has(lines_of(&g, &h), "route blackhole default table 5217 metric 1024\n");
	assert_has(lines_of(&g, &h), LIVE_LINE);
}

/* At home; what was sent of the Binding Update, and what is left of the binding. */
static struct mr_guest
at_home(enum mr_guest_state state, enum mr_reg_state reg, unsigned sends)
{
	struct mr_guest g = guest(state, reg);

	g.homing.phase = MR_AT_HOME;
	g.reg.sends = sends;
	return g;
}

static struct mr_host
home_host(void)
{
	struct mr_host h = host();
	struct in6_addr agent = addr_of("2001:db8:100::1");
	struct nd_mac mac = mac_of("02:00:00:00:00:01");

	snprintf(h.uplink, sizeof(h.uplink), "up");
	mr_home_neighbour(&h.home, &agent, &mac);
	return h;
}

#define HOA_UP "address 2001:db8:200:1::1/128 dev up home\n"
#define HOA_LO "address 2001:db8:200:1::1/128 dev lo home\n"
#define PLAIN "rule priority 5202 from 2001:db8:200:1::/64 iif brvm lookup 254\n"
#define AGENT_AT "neighbour 2001:db8:100::1 dev up lladdr 02:00:00:00:00:01\n"

static void
at_home_nothing_is_used_before_the_binding_update_is_sent(void **state)
{
	struct mr_guest g = at_home(MR_RUNNING, MR_REG_RETURNING, 0);
	struct mr_host h = home_host();
	const char *lines = lines_of(&g, &h);

	(void)state;
	assert_has(lines, HOA_LO);
	assert_has_not(lines, "dev up home");
	assert_has(lines, "rule priority 5202 from 2001:db8:200:1::/64 iif brvm lookup 5217\n");
	assert_has(lines, "route blackhole default table 5217 metric 1024\n");
	/* The Binding Update itself finds its way out, to the home agent's MAC. */
	assert_has(lines, "rule priority 5202 from 2001:db8:200:1::1/128 iif lo lookup 254\n");
	assert_has(lines, AGENT_AT);
}

static void
at_home_prefixes_are_routed_plainly_and_without_a_tunnel(void **state)
{
	static const struct {
		enum mr_reg_state reg;
		bool agent;
	} rows[] = { { MR_REG_RETURNING, true }, { MR_REG_HOME, false } };
	struct mr_host h = home_host();

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_guest g = at_home(MR_RUNNING, rows[i].reg, 1);
		const char *lines = lines_of(&g, &h);

		assert_has(lines, HOA_UP);
		assert_has_not(lines, "dev lo home");
		assert_has(lines, PLAIN);
		assert_has(lines, LIVE_LINE);
		assert_has_not(lines, "tunnel");
		/* N-38 is for guests at home as well. */
		assert_has(lines, "rule priority 5203 iif brvm lookup 5202\n");
		assert_int_equal(strstr(lines, AGENT_AT) != NULL, rows[i].agent);
	}
}

static void
at_home_a_guest_that_does_not_run_does_not_answer(void **state)
{
	static const enum mr_guest_state states[] = { MR_INCOMING, MR_SUSPENDED };
	struct mr_host h = home_host();

	(void)state;
	for (size_t i = 0; i < countof(states); i++) {
		struct mr_guest g = at_home(states[i], MR_REG_HOME, 1);

		assert_has(lines_of(&g, &h), HOA_LO);
		assert_has_not(lines_of(&g, &h), "dev up home");
	}
}

static void
late_packets_of_one_that_was_at_home_end_here(void **state)
{
	struct mr_guest g = guest(MR_LEAVING, MR_REG_IDLE);
	struct mr_host h = home_host();

	(void)state;
	assert_has_not(lines_of(&g, &h), "table 5201");
	g.homing.phase = MR_LEFT;
	assert_has(
	    lines_of(&g, &h), "route blackhole 2001:db8:200:1::/64 table 5201 metric 1024\n");
	assert_has(lines_of(&g, &h), "rule priority 5204 lookup 5201\n");
}

/* Killed in the middle of a change, too: a route that leads on is never in the same table. */
static void
what_the_former_host_sends_goes_to_the_guest_or_nowhere(void **state)
{
	static const struct mr_hand_conf conf = { .early = true };
	struct mr_guest g = guest(MR_RUNNING, MR_REG_BOUND);
	struct mr_host h = host();

	(void)state;
	g.hand.conf = &conf;
	g.hand.source = addr_of("2001:db8:b::10");
	assert_has(lines_of(&g, &h), "rule priority 5200 iif tunnel(2001:db8:b::10) lookup 5203\n");
	assert_has(lines_of(&g, &h), "route 2001:db8:200:1::/64 " VIA " table 5203 metric 1024\n");
	assert_has(lines_of(&g, &h), "route unreachable default table 5203 metric 4096\n");
	g.state = MR_SUSPENDED;
	g.hand.stopped = true;
	g.hand.target = addr_of("2001:db8:c::10");
	assert_has(lines_of(&g, &h),
	    "route 2001:db8:200:1::/64 dev tunnel(2001:db8:c::10) table 5200 metric 1024\n");
	assert_has_not(lines_of(&g, &h), "2001:db8:b::10");
	assert_has_not(lines_of(&g, &h), "table 5203");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("N-37 X-03", an_incoming_guest_has_all_but_the_live_route),
		TEST("N-27", a_running_guest_is_live_and_its_default_waits_for_the_answer),
		TEST("X-03", a_suspended_guest_has_the_plan_of_a_running_one),
		TEST("X-06 N-37", a_leaving_guest_catches_late_packets_and_sends_none),
		TEST("X-06", an_absent_guest_leaves_an_unreachable_route_alone),
		TEST("N-38 N-36", only_its_own_sources_from_its_own_link_find_the_tunnel),
		TEST("N-38", local_delivery_is_for_its_own_sources_too),
		TEST("N-37", a_home_address_apart_has_a_pass_of_its_own),
		TEST("A-05", with_several_macs_or_none_the_route_is_on_link),
		TEST("M-58", the_previous_care_of_address_still_takes_packets_late),
		TEST("M-61 M-62", at_home_nothing_is_used_before_the_binding_update_is_sent),
		TEST("N-43 M-63 H-04", at_home_prefixes_are_routed_plainly_and_without_a_tunnel),
		TEST("M-17 X-03", at_home_a_guest_that_does_not_run_does_not_answer),
		TEST("X-06", late_packets_of_one_that_was_at_home_end_here),
		TEST("X-09", what_the_former_host_sends_goes_to_the_guest_or_nowhere),
		TEST("N-27 N-36", without_a_care_of_address_there_is_no_tunnel_and_no_way_out),
	};

	return cmocka_run_group_tests_name("mr_plan", tests, NULL, NULL);
}
