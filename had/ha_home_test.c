/*
 * ha_home_test.c - a home link: tests before a binding, defence while there is one.
 *
 * eth1 has 2001:db8:400::/56. At home on it are a router with a prefix elsewhere, a
 * plain node, and a router whose prefix lies in the link's (RFC 4887 6.4).
 */
#include "had/ha_test.h"

#define LINK "2001:db8:400::/56"
#define ROUTER "2001:db8:400::10"
#define ROUTER_A "2001:db8:500:1::/64"
#define NODE "2001:db8:400::20"
#define INNER "2001:db8:400:1::1"
#define INNER_A "2001:db8:400:1::/64"
#define INNER_GUEST "2001:db8:400:1::77"
#define OURS "fe80::a"
#define NEIGHBOUR "fe80::9"
#define ALL_NODES "ff02::1 33:33:00:00:00:01"

static const struct ha_station here = { .index = 7,
	.mac = { { 2, 0, 0, 0, 0, 0xa } },
	.source = { .s6_addr = { 0xfe, 0x80, [15] = 0xa } } };
static const struct nd_mac neighbour = { { 2, 0, 0, 0, 0, 9 } };

static int
setup_link(void **state)
{
	struct world *w;

	if (setup(state) < 0)
		return -1;
	w = *state;
	w->policy.links = 1;
	w->policy.link[0] = (struct ha_link){
		.dev = "eth1",
		.n = 1,
		.prefix = { prefix(LINK) },
		.valid_ms = 86400000,
		.preferred_ms = 14400000,
	};
	world_guest(&w->table, "router", ROUTER, ROUTER_A, NULL);
	world_guest(&w->table, "node", NODE, NULL, NULL);
	world_guest(&w->table, "inner", INNER, INNER_A, NULL);
	world_range(&w->table, "visitors", "2001:db8:400:80::/57", "2001:db8:400:80::/57");
	assert_int_equal(ha_configure(w->ha, &w->policy, &w->table, w->t), 0);
	assert_int_equal(ha_station(w->ha, "eth1", &here), 0);
	world_quiet(w);
	return 0;
}

#define L(f, rows)                                                             \
	{                                                                      \
		.name = rows " " #f, .test_func = f, .setup_func = setup_link, \
		.teardown_func = teardown                                      \
	}

static void
hears(struct world *w, const uint8_t *frame, size_t n)
{
	w->n_frames = 0;
	ha_frame(w->ha, w->t, "eth1", frame, n);
}

/* A neighbour solicits; from "::" it is a probe. */
static void
solicits(struct world *w, const char *from, const char *target)
{
	uint8_t buf[128];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct in6_addr of = addr(target);
	struct nd_path path = { .from = neighbour, .src = addr(from) };

	path.dst = nd_solicited_node(&of);
	path.to = nd_group_mac(&path.dst);
	assert_int_equal(nd_ns_put(&writer, &path, &of), 0);
	hears(w, buf, writer.pos);
}

static void
advertises(struct world *w, const char *target, uint8_t flags)
{
	uint8_t buf[128];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct in6_addr of = addr(target);
	struct nd_path path = { .from = neighbour, .to = here.mac, .src = of, .dst = addr(OURS) };

	assert_int_equal(nd_na_put(&writer, &path, &of, &neighbour, flags), 0);
	hears(w, buf, writer.pos);
}

#define assert_frame(w, i, text)                           \
	do {                                               \
		assert_true((w)->n_frames > (i));          \
		assert_string_equal((w)->frames[i], text); \
	} while (0)

/* Bound, announced, and quiet again. */
static void
binds(struct world *w, const char *hoa, uint16_t flags)
{
	struct bu bu = { .hoa = hoa, .seq = 1, .flags = flags, .lifetime_s = 120 };

	assert_string_equal(receive(w, &bu), "silence");
	pass_time(w, 1000);
	assert_int_equal(binding(w, hoa)->state, HA_BOUND);
	pass_time(w, 1000);
	pass_time(w, 1000);
	world_quiet(w);
}

/* ---- tests ---- */

static void
the_first_registration_is_answered_when_nobody_has_objected_for_a_second(void **state)
{
	struct world *w = *state;

	assert_string_equal(registers(w, ROUTER, HOST_A, 1), "silence");
	assert_int_equal(w->n_frames, 1);
	assert_frame(w, 0, "eth1 NS of " ROUTER " from :: to ff02::1:ff00:10");
	assert_int_equal(w->armed.ms, w->t.now.ms + 1000);
	assert_int_equal(ha_bound(w->ha), 0);
	assert_route(w, ROUTER_A, "unreachable");
	assert_string_equal(w->events, "");
	pass_time(w, 999);
	assert_int_equal(w->answers, 0);
	pass_time(w, 1);
	assert_string_equal(w->answer, "0 seq=1 life=120 R");
	assert_string_equal(w->events, "registered");
	assert_route(w, ROUTER_A, HOST_A);
	assert_int_equal(binding(w, ROUTER)->expires.ms, w->t.now.ms + 120000);
}

static void
a_live_binding_is_not_tested_again(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	assert_string_equal(registers(w, ROUTER, HOST_A, 2), "0 seq=2 life=120 R");
	assert_string_equal(registers(w, ROUTER, HOST_B, 3), "0 seq=3 life=120 R");
	assert_int_equal(w->n_frames, 0);
}

static void
one_whose_binding_is_over_is_tested_again(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	receive(w, &(struct bu){ .hoa = ROUTER, .seq = 2, .flags = AHR });
	assert_string_equal(registers(w, ROUTER, HOST_A, 3), "silence");
	pass_time(w, 1000);
	assert_string_equal(w->answer, "0 seq=3 life=120 R");
}

static void
a_repeated_registration_does_not_start_the_test_again_and_the_newest_is_answered(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 5);
	pass_time(w, 600);
	assert_string_equal(registers(w, ROUTER, HOST_B, 6), "silence");
	assert_string_equal(registers(w, ROUTER, HOST_B, 6), "silence");
	assert_string_equal(registers(w, ROUTER, HOST_A, 4), "135 seq=6");
	assert_int_equal(w->n_frames, 1);
	w->answers = 0;
	pass_time(w, 400);
	assert_int_equal(w->answers, 1);
	assert_string_equal(w->answer, "0 seq=6 life=120 R");
	assert_route(w, ROUTER_A, HOST_B);
}

static void
an_address_that_somebody_advertises_is_refused_with_134(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 1);
	pass_time(w, 10);
	advertises(w, ROUTER, ND_NA_O);
	assert_string_equal(w->answer, "134 seq=1");
	assert_string_equal(w->events, "refused:bu-duplicate");
	assert_int_equal(ha_bound(w->ha), 0);
	assert_int_equal(w->n_frames, 0);
	w->answers = 0;
	pass_time(w, 5000);
	assert_int_equal(w->answers, 0);
}

static void
an_address_that_somebody_else_tests_is_refused_with_134(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 1);
	solicits(w, NEIGHBOUR, ROUTER); /* only asks: RFC 4862 5.4.3 */
	assert_string_equal(w->answer, "silence");
	assert_int_equal(w->n_frames, 0);
	solicits(w, "::", ROUTER);
	assert_string_equal(w->answer, "134 seq=1");
}

static void
our_own_frame_that_comes_back_is_no_conflict(void **state)
{
	struct world *w = *state;
	uint8_t buf[128];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct in6_addr of = addr(ROUTER);
	struct nd_path path = { .from = here.mac, .dst = nd_solicited_node(&of) };

	registers(w, ROUTER, HOST_A, 1);
	assert_int_equal(nd_ns_put(&writer, &path, &of), 0);
	hears(w, buf, writer.pos);
	assert_string_equal(w->answer, "silence");
	pass_time(w, 1000);
	assert_string_equal(w->answer, "0 seq=1 life=120 R");
}

static void
with_L_the_link_local_address_is_tested_too(void **state)
{
	struct world *w = *state;

	receive(w, &(struct bu){ .hoa = NODE, .seq = 1, .flags = AH | MH_BU_L, .lifetime_s = 60 });
	assert_int_equal(w->n_frames, 2);
	assert_frame(w, 0, "eth1 NS of " NODE " from :: to ff02::1:ff00:20");
	assert_frame(w, 1, "eth1 NS of fe80::20 from :: to ff02::1:ff00:20");
	advertises(w, "fe80::20", ND_NA_O);
	assert_string_equal(w->answer, "134 seq=1");
	receive(w, &(struct bu){ .hoa = NODE, .seq = 2, .flags = AH | MH_BU_L, .lifetime_s = 60 });
	pass_time(w, 1000);
	assert_string_equal(w->answer, "0 seq=2 life=60");
}

static void
without_L_the_link_local_address_is_nobodys_business(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 1);
	advertises(w, "fe80::10", ND_NA_O);
	assert_string_equal(w->answer, "silence");
	pass_time(w, 1000);
	solicits(w, NEIGHBOUR, "fe80::10");
	assert_int_equal(w->n_frames, 0);
}

static void
two_home_addresses_with_one_link_local_address_are_a_conflict(void **state)
{
	struct world *w = *state;

	binds(w, INNER, AHR | MH_BU_L);
	receive(w, &(struct bu){ .hoa = "2001:db8:400:80::1",
		       .seq = 1,
		       .flags = AHR | MH_BU_L,
		       .lifetime_s = 60,
		       .prefix = { "2001:db8:400:80::/64" } });
	assert_string_equal(w->answer, "134 seq=1");
	receive(w, &(struct bu){ .hoa = INNER, .seq = 2, .flags = AHR });
	receive(w, &(struct bu){ .hoa = "2001:db8:400:80::1",
		       .seq = 2,
		       .flags = AHR | MH_BU_L,
		       .lifetime_s = 60,
		       .prefix = { "2001:db8:400:80::/64" } });
	assert_string_equal(w->answer, "silence");
}

static void
a_virtual_home_link_and_one_that_is_not_there_cost_no_time(void **state)
{
	struct world *w = *state;

	assert_string_equal(registers(w, WEB1, HOST_A, 1), "0 seq=1 life=120 R");
	assert_int_equal(ha_station(w->ha, "eth1", &(struct ha_station){ 0 }), 0);
	assert_string_equal(registers(w, ROUTER, HOST_A, 1), "0 seq=1 life=120 R");
	assert_int_equal(w->n_frames, 0);
}

static void
who_takes_his_registration_back_is_not_bound_when_the_test_is_over(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 1);
	receive(w, &(struct bu){ .hoa = ROUTER, .from = HOST_B, .seq = 2, .flags = AHR });
	assert_string_equal(w->answer, "133 seq=2"); /* a stranger: no binding, and no harm */
	receive(w, &(struct bu){ .hoa = ROUTER, .seq = 2, .flags = AHR });
	assert_string_equal(w->answer, "133 seq=2");
	w->answers = 0;
	pass_time(w, 1000);
	assert_int_equal(w->answers, 0);
	assert_int_equal(ha_bound(w->ha), 0);
}

/* Nothing that a stranger can send fills the table, or costs others theirs. */
static void
tests_are_bounded_and_one_care_of_address_does_not_have_them_all(void **state)
{
	struct world *w = *state;
	char hoa[64];
	unsigned refused = 0;

	w->crowd = true;
	w->policy.bindings_max = 100000;
	for (unsigned i = 0; i < 2 * HA_TESTS_OF_ONE; i++) {
		snprintf(hoa, sizeof(hoa), "2001:db8:400:80:%x::1", i);
		receive(w, &(struct bu){ .hoa = hoa, .seq = 1, .flags = AH, .lifetime_s = 60 });
		refused += strcmp(w->answer, "130 seq=1") == 0;
	}
	assert_int_equal(refused, HA_TESTS_OF_ONE);
	assert_string_equal(registers(w, ROUTER, HOST_B, 1), "silence");
	refused = 0;
	for (unsigned i = 0; i < 2 * HA_TESTS_MAX; i++) {
		char from[64];

		snprintf(from, sizeof(from), "2001:db8:bad:%x::1", i);
		snprintf(hoa, sizeof(hoa), "2001:db8:400:81:%x::1", i);
		receive(w, &(struct bu){
			       .hoa = hoa, .from = from, .seq = 1, .flags = AH, .lifetime_s = 60 });
		refused += strcmp(w->answer, "130 seq=1") == 0;
	}
	assert_int_equal(refused, HA_TESTS_MAX + HA_TESTS_OF_ONE + 1);
	pass_time(w, 1000);
	assert_int_equal(ha_bound(w->ha), HA_TESTS_MAX);
	assert_string_equal(registers(w, INNER, HOST_B, 1), "silence");
}

/* ---- announcements ---- */

static void
a_binding_is_announced_three_times_with_R_for_a_router(void **state)
{
	static const struct {
		const char *hoa, *frame;
		uint16_t flags;
	} cases[] = {
		{ ROUTER, "eth1 NA of " ROUTER " R-O from " OURS " to " ALL_NODES, AHR },
		{ NODE, "eth1 NA of " NODE " --O from " OURS " to " ALL_NODES, AH },
	};
	struct world *w = *state;

	for (size_t i = 0; i < countof(cases); i++) {
		receive(w, &(struct bu){ .hoa = cases[i].hoa,
			       .seq = 1,
			       .flags = cases[i].flags,
			       .lifetime_s = 120 });
		for (unsigned sent = 0; sent < 5; sent++) {
			w->n_frames = 0;
			pass_time(w, 1000);
			assert_int_equal(w->n_frames, sent < 3);
			if (sent < 3)
				assert_frame(w, 0, cases[i].frame);
		}
	}
	w->n_frames = 0;
	assert_string_equal(registers(w, ROUTER, HOST_B, 2), "0 seq=2 life=120 R");
	pass_time(w, 5000);
	assert_int_equal(w->n_frames, 0); /* a move changes nothing on the link */
}

static void
what_ends_is_not_announced_any_more(void **state)
{
	struct world *w = *state;

	registers(w, ROUTER, HOST_A, 1);
	pass_time(w, 1000);
	receive(w, &(struct bu){ .hoa = ROUTER, .seq = 2, .flags = AHR });
	w->n_frames = 0;
	pass_time(w, 5000);
	assert_int_equal(w->n_frames, 0);
}

/* ---- defence ---- */

static void
a_solicitation_for_a_home_address_is_answered_while_it_is_bound(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	binds(w, NODE, AH);
	solicits(w, NEIGHBOUR, ROUTER);
	assert_int_equal(w->n_frames, 1);
	assert_frame(
	    w, 0, "eth1 NA of " ROUTER " RS- from " OURS " to " NEIGHBOUR " 02:00:00:00:00:09");
	solicits(w, NEIGHBOUR, NODE);
	assert_frame(
	    w, 0, "eth1 NA of " NODE " -S- from " OURS " to " NEIGHBOUR " 02:00:00:00:00:09");
	solicits(w, NEIGHBOUR, "2001:db8:400::30");
	assert_int_equal(w->n_frames, 0);
	solicits(w, NEIGHBOUR, WEB1); /* bound or not, it is at home on no link */
	assert_int_equal(w->n_frames, 0);
	receive(w, &(struct bu){ .hoa = ROUTER, .seq = 2, .flags = AHR });
	solicits(w, NEIGHBOUR, ROUTER);
	assert_int_equal(w->n_frames, 0);
	w->t.now.ms += 120000; /* nobody ticks: the frame finds it expired */
	solicits(w, NEIGHBOUR, NODE);
	assert_int_equal(w->n_frames, 0);
}

static void
all_addresses_of_a_prefix_on_the_link_are_answered_for_and_no_guest_is_a_router(void **state)
{
	struct world *w = *state;

	solicits(w, NEIGHBOUR, INNER_GUEST);
	assert_int_equal(w->n_frames, 0);
	binds(w, INNER, AHR);
	solicits(w, NEIGHBOUR, INNER_GUEST);
	assert_frame(w, 0,
	    "eth1 NA of " INNER_GUEST " -S- from " OURS " to " NEIGHBOUR " 02:00:00:00:00:09");
	solicits(w, NEIGHBOUR, INNER);
	assert_frame(
	    w, 0, "eth1 NA of " INNER " RS- from " OURS " to " NEIGHBOUR " 02:00:00:00:00:09");
	solicits(w, "::", INNER_GUEST); /* a visitor who would autoconfigure there */
	assert_frame(w, 0, "eth1 NA of " INNER_GUEST " --- from " OURS " to " ALL_NODES);
	solicits(w, NEIGHBOUR, "2001:db8:400:2::77");
	assert_int_equal(w->n_frames, 0);
	binds(w, ROUTER, AHR); /* its prefix is on no link */
	solicits(w, NEIGHBOUR, "2001:db8:500:1::77");
	assert_int_equal(w->n_frames, 0);
}

static void
a_probe_for_a_bound_address_is_answered_to_all_nodes_without_override(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	solicits(w, "::", ROUTER);
	assert_int_equal(w->n_frames, 1);
	assert_frame(w, 0, "eth1 NA of " ROUTER " R-- from " OURS " to " ALL_NODES);
	assert_string_equal(w->events, "");
}

static void
a_claim_to_a_bound_address_is_overridden_and_told(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	advertises(w, ROUTER, ND_NA_O);
	assert_int_equal(w->n_frames, 1);
	assert_frame(w, 0, "eth1 NA of " ROUTER " R-O from " OURS " to " ALL_NODES);
	assert_string_equal(w->events, "discarded:nd-claimed");
	assert_int_equal(ha_bound(w->ha), 1);
	for (unsigned i = 0; i < 2 * HA_DEFENCES_PER_S; i++)
		advertises(w, ROUTER, ND_NA_O);
	assert_int_equal(ha_counted(w->ha, HA_CLAIMED), HA_DEFENCES_PER_S);
	w->t.now.ms += 1000;
	advertises(w, ROUTER, ND_NA_O);
	assert_int_equal(w->n_frames, 1);
}

static void
with_L_the_link_local_address_is_announced_and_defended_too(void **state)
{
	struct world *w = *state;

	receive(w, &(struct bu){ .hoa = NODE, .seq = 1, .flags = AH | MH_BU_L, .lifetime_s = 60 });
	w->n_frames = 0;
	pass_time(w, 1000);
	assert_int_equal(w->n_frames, 2);
	assert_frame(w, 0, "eth1 NA of " NODE " --O from " OURS " to " ALL_NODES);
	assert_frame(w, 1, "eth1 NA of fe80::20 --O from " OURS " to " ALL_NODES);
	solicits(w, NEIGHBOUR, "fe80::20");
	assert_frame(
	    w, 0, "eth1 NA of fe80::20 -S- from " OURS " to " NEIGHBOUR " 02:00:00:00:00:09");
	receive(w, &(struct bu){ .hoa = NODE, .seq = 2, .flags = AH });
	solicits(w, NEIGHBOUR, "fe80::20");
	assert_int_equal(w->n_frames, 0);
}

static void
frames_that_break_the_rules_are_counted_and_nothing_else(void **state)
{
	struct world *w = *state;
	uint8_t rubbish[86] = { 0 };

	binds(w, ROUTER, AHR);
	hears(w, rubbish, sizeof(rubbish));
	ha_frame(w->ha, w->t, "eth2", rubbish, sizeof(rubbish));
	assert_int_equal(ha_counted(w->ha, HA_ND_MALFORMED), 1);
	assert_int_equal(w->n_frames, 0);
}

/* ---- who is at home ---- */

static void
a_refusal_to_a_node_on_the_home_link_goes_to_its_link_layer_address(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	w->arrives = here.index;
	/* An old number; the routes of the binding would send the answer away. */
	receive(w, &(struct bu){ .from = ROUTER, .seq = 1, .flags = AHR });
	assert_int_equal(w->answers, 0);
	assert_frame(w, 0, "eth1 NS of " ROUTER " from " OURS " to ff02::1:ff00:10");
	pass_time(w, 1000); /* the first was lost */
	assert_int_equal(w->n_frames, 2);
	advertises(w, ROUTER, ND_NA_S);
	assert_int_equal(w->n_frames, 1);
	assert_frame(w, 0, "eth1 BA 135 to " ROUTER " 02:00:00:00:00:09");
	w->n_frames = 0;
	receive(w, &(struct bu){ .from = ROUTER, .seq = 1, .flags = AHR });
	for (int i = 0; i < 10; i++)
		pass_time(w, 1000);
	assert_int_equal(w->n_frames, HA_SOLICITATIONS);
	w->arrives = 1; /* from elsewhere it goes back as ever */
	receive(w, &(struct bu){ .from = ROUTER, .seq = 1, .flags = AHR });
	assert_string_equal(w->answer, "135 seq=1");
}

static void
a_deregistration_at_home_is_answered_as_ever_and_ends_the_defence(void **state)
{
	struct world *w = *state;

	binds(w, ROUTER, AHR);
	w->arrives = here.index;
	receive(w, &(struct bu){ .from = ROUTER, .seq = 2, .flags = AHR });
	assert_string_equal(w->answer, "0 seq=2 life=0");
	solicits(w, NEIGHBOUR, ROUTER);
	assert_int_equal(w->n_frames, 0);
	advertises(w, ROUTER, ND_NA_O); /* it says itself where it is now */
	assert_int_equal(w->n_frames, 0);
	assert_int_equal(ha_counted(w->ha, HA_CLAIMED), 0);
}

static void
what_lies_on_a_home_link_has_no_unreachable_route_beneath(void **state)
{
	struct world *w = *state;

	assert_route(w, ROUTER "/128", "nowhere");
	assert_route(w, INNER_A, "nowhere");
	assert_route(w, ROUTER_A, "unreachable");
}

static void
a_prefix_with_a_whole_home_link_in_it_is_refused_with_141(void **state)
{
	struct world *w = *state;

	world_range(&w->table, "wide", "2001:db8:400:80::/57", "2001:db8:400::/40");
	w->table.range[w->table.ranges - 1]->shortest = 40;
	receive(w, &(struct bu){ .hoa = "2001:db8:400:80::9",
		       .seq = 1,
		       .flags = AHR,
		       .lifetime_s = 60,
		       .prefix = { "2001:db8:400::/56" } });
	assert_string_equal(w->answer, "141 seq=1");
}

/* ---- lifetimes of the home prefix ---- */

static void
a_binding_that_the_home_prefix_does_not_outlast_has_status_1(void **state)
{
	static const struct {
		int64_t valid_ms, preferred_ms;
		bool deprecated;
		const char *answer;
	} cases[] = {
		{ 86400000, 14400000, false, "0 seq=1 life=120 R" },
		{ 86400000, 120000, false, "0 seq=1 life=120 R" },
		{ 86400000, 119999, false, "1 seq=1 life=120 R" },
		{ 86400000, 123999, false, "0 seq=1 life=120 R" },
		{ 86400000, 14400000, true, "1 seq=1 life=120 R" },
		{ 124000, 124000, false, "0 seq=1 life=120 R" },
		{ 123999, 123999, false, "1 seq=1 life=120 R" },
		{ 60000, 60000, false, "1 seq=1 life=60 R" },
		{ 63999, 60000, false, "1 seq=1 life=60 R" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct world *w;

		assert_int_equal(setup_link(state), 0);
		w = *state;
		w->policy.link[0].valid_ms = cases[i].valid_ms;
		w->policy.link[0].preferred_ms = cases[i].preferred_ms;
		w->policy.link[0].deprecated_n = cases[i].deprecated;
		w->policy.link[0].deprecated[0] = w->policy.link[0].prefix[0];
		registers(w, ROUTER, HOST_A, 1);
		pass_time(w, 1000);
		assert_string_equal(w->answer, cases[i].answer);
		teardown(state);
	}
}

static void
a_binding_ends_with_the_valid_lifetime_of_a_new_configuration(void **state)
{
	struct world *w = *state;
	struct ha_policy next = w->policy;

	binds(w, ROUTER, AHR);
	next.link[0].valid_ms = next.link[0].preferred_ms = 10000;
	assert_int_equal(ha_configure(w->ha, &next, &w->table, w->t), 0);
	pass_time(w, 9999);
	assert_int_equal(ha_bound(w->ha), 1);
	pass_time(w, 1);
	assert_int_equal(ha_bound(w->ha), 0);
}

/* ---- many ---- */

static void
ten_thousand_home_addresses_are_found_without_a_walk(void **state)
{
	struct world *w = *state;
	char hoa[64];

	w->crowd = true;
	w->policy.bindings_max = 100000;
	for (unsigned i = 0; i < 10000; i++) {
		char from[64];

		snprintf(hoa, sizeof(hoa), "2001:db8:400:80:%x::1", i);
		snprintf(from, sizeof(from), "2001:db8:a:%x::1", i % 100);
		receive(
		    w, &(struct bu){
			   .hoa = hoa, .from = from, .seq = 1, .flags = AH, .lifetime_s = 200 });
		if (i % 1000 == 999)
			pass_time(w, 1000);
	}
	pass_time(w, 3000);
	assert_int_equal(ha_bound(w->ha), 10000);
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(hoa, sizeof(hoa), "2001:db8:400:80:%x::1", i % 20000);
		solicits(w, NEIGHBOUR, hoa);
		assert_int_equal(w->n_frames, i % 20000 < 10000);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		L(the_first_registration_is_answered_when_nobody_has_objected_for_a_second, "M-17"),
		L(a_live_binding_is_not_tested_again, "M-17"),
		L(one_whose_binding_is_over_is_tested_again, "M-17"),
		L(a_repeated_registration_does_not_start_the_test_again_and_the_newest_is_answered,
		    "M-17 M-10"),
		L(an_address_that_somebody_advertises_is_refused_with_134, "M-17"),
		L(an_address_that_somebody_else_tests_is_refused_with_134, "M-17"),
		L(our_own_frame_that_comes_back_is_no_conflict, "M-17"),
		L(with_L_the_link_local_address_is_tested_too, "M-18"),
		L(without_L_the_link_local_address_is_nobodys_business, "M-18"),
		L(two_home_addresses_with_one_link_local_address_are_a_conflict, "M-18"),
		L(a_virtual_home_link_and_one_that_is_not_there_cost_no_time, "H-01"),
		L(who_takes_his_registration_back_is_not_bound_when_the_test_is_over, "M-17"),
		L(tests_are_bounded_and_one_care_of_address_does_not_have_them_all, "M-17"),
		L(a_binding_is_announced_three_times_with_R_for_a_router, "M-29 M-31 N-22"),
		L(what_ends_is_not_announced_any_more, "M-29"),
		L(a_solicitation_for_a_home_address_is_answered_while_it_is_bound,
		    "M-30 M-31 N-22"),
		L(all_addresses_of_a_prefix_on_the_link_are_answered_for_and_no_guest_is_a_router,
		    "H-03"),
		L(a_probe_for_a_bound_address_is_answered_to_all_nodes_without_override,
		    "M-18 M-30"),
		L(a_claim_to_a_bound_address_is_overridden_and_told, "M-18"),
		L(with_L_the_link_local_address_is_announced_and_defended_too, "M-18 M-29"),
		L(frames_that_break_the_rules_are_counted_and_nothing_else, "M-30"),
		L(a_refusal_to_a_node_on_the_home_link_goes_to_its_link_layer_address, "M-28"),
		L(a_deregistration_at_home_is_answered_as_ever_and_ends_the_defence, "M-27 M-30"),
		L(what_lies_on_a_home_link_has_no_unreachable_route_beneath, "M-32"),
		L(a_prefix_with_a_whole_home_link_in_it_is_refused_with_141, "N-14"),
		{ .name = "M-21 a_binding_that_the_home_prefix_does_not_outlast_has_status_1",
		    .test_func = a_binding_that_the_home_prefix_does_not_outlast_has_status_1 },
		L(a_binding_ends_with_the_valid_lifetime_of_a_new_configuration, "M-21"),
		L(ten_thousand_home_addresses_are_found_without_a_walk, "M-30"),
	};

	return cmocka_run_group_tests_name("ha_home", tests, NULL, NULL);
}
