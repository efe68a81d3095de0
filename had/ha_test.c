/*
 * ha_test.c - the home agent over time: moves, expiry, grace, refusals by the kernel, errors.
 * Long: a test for each thing that can happen to a binding.
 */
#include "had/ha_test.h"

/* ---- what a registration does ---- */

static void
registration_routes_every_prefix_before_the_answer(void **state)
{
	struct world *w = *state;

	assert_string_equal(registers(w, WEB1, HOST_A, 1), "0 seq=1 life=120 R");
	assert_route(w, WEB1_A, HOST_A);
	assert_route(w, WEB1_B, HOST_A);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_A, "yes");
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_B, "yes");
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "no");
	assert_string_equal(w->events, "registered");
	assert_int_equal(ha_bound(w->ha), 1);
	assert_int_equal(w->armed.ms, w->t.now.ms + 120000);
}

static void
a_mobile_node_gets_its_address_and_no_prefix(void **state)
{
	struct world *w = *state;

	receive(
	    w, &(struct bu){
		   .hoa = WEB1, .seq = 1, .flags = AH, .lifetime_s = 120, .prefix = { WEB1_A } });
	assert_route(w, WEB1_A, "unreachable");
	assert_route(w, WEB1 "/128", HOST_A);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_A, "no");
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1 "/128", "yes");
}

static void
what_is_served_but_not_bound_is_unreachable(void **state)
{
	struct world *w = *state;

	assert_route(w, WEB1_A, "unreachable");
	assert_route(w, WEB2_A, "unreachable");
	assert_route(w, LAB, "unreachable");
	assert_route(w, PLAIN "/128", "unreachable");
}

static void
guests_of_one_host_share_its_tunnel(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	world_quiet(w);
	registers(w, WEB2, HOST_A, 1);
	assert_int_equal(told(w, "set tunnel", ""), 0);
	world_quiet(w);
	receive(w, &(struct bu){ .hoa = WEB1, .seq = 2, .flags = AHR });
	assert_true(has_tunnel(w, HOST_A));
	receive(w, &(struct bu){ .hoa = WEB2, .seq = 2, .flags = AHR });
	assert_false(has_tunnel(w, HOST_A));
}

static void
the_answer_goes_to_the_source_and_through_the_home_address(void **state)
{
	struct world *w = *state;
	struct in6_addr host_a = addr(HOST_A), web1 = addr(WEB1);

	/* The binding is for host B, but the answer is for whoever asked. */
	receive(w, &(struct bu){
		       .hoa = WEB1, .altcoa = HOST_B, .seq = 1, .flags = AHR, .lifetime_s = 120 });
	assert_true(ip6_equal(&w->answer_to, &host_a));
	assert_true(ip6_equal(&w->answer_via, &web1));
	assert_route(w, WEB1_A, HOST_B);
}

static void
at_home_the_answer_has_no_routing_header(void **state)
{
	struct world *w = *state;
	struct in6_addr web1 = addr(WEB1);

	registers(w, WEB1, HOST_A, 1);
	receive(w, &(struct bu){ .from = WEB1, .seq = 2, .flags = AHR });
	assert_string_equal(w->answer, "0 seq=2 life=0");
	assert_true(ip6_equal(&w->answer_to, &web1));
	assert_true(ip6_is_any(&w->answer_via));
}

static void
the_binding_keeps_R_and_the_prefixes_that_came(void **state)
{
	struct world *w = *state;
	struct ip6_prefix a = prefix(WEB1_A);

	receive(
	    w, &(struct bu){
		   .hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 120, .prefix = { WEB1_A } });
	assert_true(binding(w, WEB1)->reg.mobile_router);
	assert_true(binding(w, WEB1)->reg.explicit);
	assert_int_equal(binding(w, WEB1)->reg.n, 1);
	assert_true(ip6_prefix_equal(&binding(w, WEB1)->reg.prefix[0], &a));
	registers(w, WEB2, HOST_A, 1);
	assert_false(binding(w, WEB2)->reg.explicit);
	assert_int_equal(binding(w, WEB2)->reg.n, 1);
}

/* ---- updates ---- */

static void
a_prefix_left_out_of_a_refresh_loses_its_route_alone(void **state)
{
	struct world *w = *state;
	struct bu bu = {
		.hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 120, .prefix = { WEB1_A, WEB1_B }
	};

	receive(w, &bu);
	world_quiet(w);
	bu.seq = 2;
	bu.prefix[1] = NULL;
	assert_string_equal(receive(w, &bu), "0 seq=2 life=120 R");
	assert_int_equal(w->n_lines, 2); /* the route and the pass */
	assert_int_equal(told(w, "clear route", WEB1_B), 1);
	assert_int_equal(told(w, "clear pass", WEB1_B), 1);
	assert_route(w, WEB1_A, HOST_A);
	assert_route(w, WEB1_B, "unreachable");
}

static void
a_refresh_asks_nothing_of_the_kernel(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	world_quiet(w);
	pass_time(w, 60000);
	registers(w, WEB1, HOST_A, 2);
	assert_int_equal(w->n_lines, 0);
	assert_string_equal(w->events, "refreshed");
	assert_int_equal(w->armed.ms, w->t.now.ms + 120000);
}

static void
a_move_is_one_set_per_route_and_clears_none(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	world_quiet(w);
	registers(w, WEB2, HOST_B, 2);
	assert_int_equal(told(w, "set route", WEB2_A), 1);
	assert_int_equal(told(w, "clear", ""), 0);
	assert_route(w, WEB2_A, HOST_B);
	assert_string_equal(w->events, "moved");
	assert_int_equal(binding(w, WEB2)->moves, 1);
}

static void
between_known_tunnels_a_move_makes_no_tunnel(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_B, 1);
	registers(w, WEB2, HOST_A, 1);
	world_quiet(w);
	registers(w, WEB2, HOST_B, 2);
	assert_int_equal(told(w, "tunnel", "set tunnel"), 0);
}

/* ---- grace after a move, X-08 ---- */

static void
late_packets_pass_for_the_grace_and_no_longer(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	registers(w, WEB2, HOST_B, 2);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "late");
	assert_pass(w, HOST_A, KOBJ_DESTINATION, WEB2_A, "late");
	assert_pass(w, HOST_B, KOBJ_SOURCE, WEB2_A, "yes");
	assert_int_equal(w->armed.ms, w->t.now.ms + 2000);
	pass_time(w, 1999);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "late");
	pass_time(w, 1);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "no");
	assert_pass(w, HOST_A, KOBJ_DESTINATION, WEB2_A, "no");
	assert_false(has_tunnel(w, HOST_A));
	assert_route(w, WEB2_A, HOST_B);
	assert_int_equal(w->armed.ms, w->t.now.ms + 118000);
}

static void
without_grace_the_old_host_is_cut_off_at_once(void **state)
{
	struct world *w = *state;

	w->policy.grace_ms = 0;
	registers(w, WEB2, HOST_A, 1);
	registers(w, WEB2, HOST_B, 2);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "no");
	assert_false(has_tunnel(w, HOST_A));
}

static void
there_and_back_within_the_grace_leaves_the_other_host_late(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	registers(w, WEB2, HOST_B, 2);
	pass_time(w, 500);
	registers(w, WEB2, HOST_A, 3);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "yes");
	assert_pass(w, HOST_A, KOBJ_DESTINATION, WEB2_A, "no");
	assert_pass(w, HOST_B, KOBJ_SOURCE, WEB2_A, "late");
	pass_time(w, 2000);
	assert_false(has_tunnel(w, HOST_B));
}

static void
three_hosts_in_a_row_each_have_their_own_grace(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	registers(w, WEB2, HOST_B, 2);
	pass_time(w, 1000);
	registers(w, WEB2, HOST_C, 3);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "late");
	assert_pass(w, HOST_B, KOBJ_SOURCE, WEB2_A, "late");
	pass_time(w, 1000);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "no");
	assert_pass(w, HOST_B, KOBJ_SOURCE, WEB2_A, "late");
	pass_time(w, 1000);
	assert_false(has_tunnel(w, HOST_B));
}

static void
more_hosts_than_are_remembered_forget_the_oldest(void **state)
{
	static const char *const hosts[] = { HOST_A, HOST_B, HOST_C, "2001:db8:d::10",
		"2001:db8:e::10", "2001:db8:f::10" };
	struct world *w = *state;

	for (uint16_t i = 0; i < countof(hosts); i++)
		registers(w, WEB2, hosts[i], i);
	assert_false(has_tunnel(w, HOST_A));
	assert_true(has_tunnel(w, HOST_B));
	assert_int_equal(binding(w, WEB2)->lates, HA_LATE_MAX);
	pass_time(w, 2000);
	assert_int_equal(binding(w, WEB2)->lates, 0);
}

static void
deregistration_ends_the_grace_at_once(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	registers(w, WEB2, HOST_B, 2);
	receive(w, &(struct bu){ .from = HOST_B, .hoa = WEB2, .seq = 3, .flags = AHR });
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "no");
	assert_false(has_tunnel(w, HOST_A));
}

/* ---- the end of a binding ---- */

static void
deregistration_takes_everything_back_and_keeps_the_sequence(void **state)
{
	struct world *w = *state;
	size_t n = w->kernel.n;

	registers(w, WEB1, HOST_A, 1);
	receive(w, &(struct bu){ .hoa = WEB1, .seq = 2, .flags = AHR });
	assert_int_equal(w->kernel.n, n);
	assert_route(w, WEB1_A, "unreachable");
	assert_string_equal(w->events, "registered deregistered");
	assert_int_equal(ha_bound(w->ha), 0);
	assert_int_equal(binding(w, WEB1)->state, HA_DELETED);
	assert_int_equal(w->armed.ms, w->t.now.ms + HA_DELETE_MS);
	pass_time(w, HA_DELETE_MS);
	assert_null(binding(w, WEB1));
	assert_int_equal(w->armed.ms, MONO_NEVER.ms);
}

static void
expiry_takes_everything_back(void **state)
{
	struct world *w = *state;
	size_t n = w->kernel.n;

	registers(w, WEB1, HOST_A, 1);
	pass_time(w, 119999);
	assert_route(w, WEB1_A, HOST_A);
	pass_time(w, 1);
	assert_int_equal(w->kernel.n, n);
	assert_null(binding(w, WEB1));
	assert_string_equal(w->events, "registered expired");
}

static void
a_late_timer_does_not_keep_a_binding_alive(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 9);
	w->t.now.ms += 120000; /* nobody called ha_tick */
	assert_string_equal(registers(w, WEB1, HOST_A, 3), "0 seq=3 life=120 R");
	assert_string_equal(w->events, "registered expired registered");
}

static void
bindings_end_in_the_order_of_their_lifetimes(void **state)
{
	struct world *w = *state;
	char hoa[TEXT_ADDR_MAX], p[TEXT_PREFIX_MAX];

	for (unsigned i = 0; i < 60; i++) {
		snprintf(hoa, sizeof(hoa), "2001:db8:300:%x::1", i);
		snprintf(p, sizeof(p), "2001:db8:300:%x::/64", i);
		receive(w, &(struct bu){ .hoa = hoa,
			       .seq = 1,
			       .flags = AHR,
			       .prefix = { p },
			       .lifetime_s = 4 * (1 + i * 7 % 60) });
	}
	assert_int_equal(ha_bound(w->ha), 60);
	for (unsigned i = 1; i <= 60; i++) {
		assert_int_equal(w->armed.ms, 1000000 + i * 4000);
		pass_time(w, 4000);
		assert_int_equal(ha_bound(w->ha), 60 - i);
	}
	assert_int_equal(w->armed.ms, MONO_NEVER.ms);
}

static void
drop_forgets_the_sequence_too(void **state)
{
	struct world *w = *state;
	struct in6_addr web1 = addr(WEB1), web2 = addr(WEB2);

	registers(w, WEB1, HOST_A, 100);
	assert_int_equal(ha_drop(w->ha, w->t, &web1), 0);
	assert_int_equal(ha_drop(w->ha, w->t, &web2), -ENOENT);
	assert_route(w, WEB1_A, "unreachable");
	assert_string_equal(registers(w, WEB1, HOST_A, 5), "0 seq=5 life=120 R");
}

/* ---- the kernel says no ---- */

static void
a_refusal_by_the_kernel_registers_nothing(void **state)
{
	struct world *w = *state;
	size_t n = w->kernel.n;

	w->fail = WEB1_B;
	w->fail_with = -EINVAL;
	assert_string_equal(registers(w, WEB1, HOST_A, 1), "141 seq=1");
	assert_int_equal(w->kernel.n, n);
	assert_null(binding(w, WEB1));
	assert_string_equal(w->events, "refused:bu-kernel");
	w->fail_with = -ENOMEM;
	assert_string_equal(registers(w, WEB1, HOST_A, 1), "130 seq=1");
	assert_null(binding(w, WEB1));
	w->fail = NULL;
	assert_string_equal(registers(w, WEB1, HOST_A, 1), "0 seq=1 life=120 R");
}

static void
a_refusal_by_the_kernel_leaves_the_old_binding(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	pass_time(w, 1000);
	w->fail = "tunnel(" HOST_B;
	w->fail_with = -ENOSPC;
	assert_string_equal(registers(w, WEB2, HOST_B, 2), "141 seq=2");
	assert_route(w, WEB2_A, HOST_A);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB2_A, "yes");
	assert_false(has_tunnel(w, HOST_B));
	assert_int_equal(binding(w, WEB2)->reg.seq, 1);
	assert_int_equal(binding(w, WEB2)->moves, 0);
	assert_int_equal(w->armed.ms, w->t.now.ms + 119000);
}

/* ---- two home addresses, one prefix ---- */

static void
takeover_ends_the_binding_that_had_the_prefix(void **state)
{
	struct world *w = *state;
	struct bu lab1 = { .hoa = LAB1,
		.seq = 1,
		.flags = AHR,
		.lifetime_s = 120,
		.prefix = { LAB2_A, "2001:db8:300:5::/64" } };
	struct bu lab2 = { .from = HOST_B,
		.hoa = LAB2,
		.seq = 1,
		.flags = AHR,
		.lifetime_s = 120,
		.prefix = { LAB2_A } };

	w->policy.takeover = true;
	receive(w, &lab1);
	world_quiet(w);
	receive(w, &lab2);
	assert_string_equal(w->events, "dropped registered");
	assert_route(w, LAB2_A, HOST_B);
	assert_int_equal(told(w, "clear route", LAB2_A), 0); /* not even for a moment */
	assert_route(w, "2001:db8:300:5::/64", "nowhere");
	assert_int_equal(ha_bound(w->ha), 1);
}

static void
a_host_that_moved_in_is_the_same_router_to_us(void **state)
{
	struct world *w = *state;

	/* Host B knows no sequence number: it learns it and wins. No second entry. */
	registers(w, WEB1, HOST_A, 500);
	assert_string_equal(registers(w, WEB1, HOST_B, 17), "135 seq=500");
	assert_string_equal(registers(w, WEB1, HOST_B, 501), "0 seq=501 life=120 R");
	assert_int_equal(ha_bound(w->ha), 1);
	assert_route(w, WEB1_A, HOST_B);
}

static void
a_late_deregistration_of_the_old_host_does_no_harm(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	registers(w, WEB1, HOST_B, 2);
	world_quiet(w);
	receive(w, &(struct bu){ .from = HOST_A, .hoa = WEB1, .seq = 3, .flags = AHR });
	assert_string_equal(w->answer, "133 seq=3");
	assert_string_equal(w->events, "refused:bu-foreign-careof");
	assert_route(w, WEB1_A, HOST_B);
	assert_int_equal(binding(w, WEB1)->reg.seq, 2);
}

/* ---- asking ---- */

static void
an_inquiry_changes_nothing_and_needs_no_sequence(void **state)
{
	struct world *w = *state;
	struct ha_request q = { .src = addr(HOST_B),
		.coa = addr(HOST_B),
		.hoa = addr(WEB1),
		.has_hao = true,
		.inquiry = true,
		.flags = AHR,
		.lifetime_s = 120 };
	struct ha_verdict v;

	registers(w, WEB1, HOST_A, 100);
	world_quiet(w);
	ha_inquire(w->ha, w->t, &q, &v);
	assert_int_equal(v.reason, HA_MOVED);
	q.prefix[q.n++] = prefix(WEB2_A);
	ha_inquire(w->ha, w->t, &q, &v);
	assert_int_equal(v.reason, HA_NOT_AUTHORIZED);
	assert_int_equal(w->n_lines, 0);
	assert_string_equal(w->events, "");
	assert_int_equal(w->answers, 0);
	assert_int_equal(binding(w, WEB1)->reg.seq, 100);
	assert_int_equal(ha_counted(w->ha, HA_NOT_AUTHORIZED), 0);
}

/* ---- another configuration ---- */

static void
reload_drops_what_is_no_longer_allowed(void **state)
{
	struct world *w = *state;
	struct ha_table next;

	registers(w, WEB1, HOST_A, 1);
	registers(w, WEB2, HOST_A, 1);
	ha_table_init(&next);
	world_guest(&next, "web2", WEB2, WEB2_A, NULL);
	world_quiet(w);
	assert_int_equal(ha_configure(w->ha, &w->policy, &next, w->t), 0);
	assert_string_equal(w->events, "dropped");
	assert_route(w, WEB1_A, "nowhere");
	assert_route(w, WEB2_A, HOST_A);
	assert_int_equal(told(w, "route", WEB2_A), 0); /* the other one is not touched */
	ha_table_done(&w->table);
	w->table = next;
	assert_string_equal(registers(w, WEB1, HOST_A, 2), "132 seq=2");
}

static void
reload_gives_implicit_bindings_the_prefixes_of_the_new_table(void **state)
{
	struct world *w = *state;
	struct ha_table next;

	registers(w, WEB1, HOST_A, 1);
	pass_time(w, 1000);
	ha_table_init(&next);
	world_guest(&next, "web1", WEB1, WEB1_A, "2001:db8:200:c::/64");
	assert_int_equal(ha_configure(w->ha, &w->policy, &next, w->t), 0);
	assert_route(w, WEB1_A, HOST_A);
	assert_route(w, WEB1_B, "nowhere");
	assert_route(w, "2001:db8:200:c::/64", HOST_A);
	assert_int_equal(binding(w, WEB1)->reg.seq, 1);
	assert_int_equal(w->armed.ms, w->t.now.ms + 119000);
	ha_table_done(&w->table);
	w->table = next;
}

static void
reload_that_the_kernel_refuses_changes_nothing(void **state)
{
	struct world *w = *state;
	struct ha_table next;

	registers(w, WEB1, HOST_A, 1);
	ha_table_init(&next);
	world_guest(&next, "web2", WEB2, "2001:db8:200:d::/64", NULL);
	w->fail = "2001:db8:200:d::";
	w->fail_with = -EPERM;
	world_quiet(w);
	assert_int_equal(ha_configure(w->ha, &w->policy, &next, w->t), -EPERM);
	ha_table_done(&next);
	assert_string_equal(w->events, "");
	assert_route(w, WEB1_A, HOST_A);
	assert_string_equal(registers(w, WEB1, HOST_A, 2), "0 seq=2 life=120 R");
}

/* ---- other messages ---- */

static void
an_unknown_type_is_answered_with_binding_error_2(void **state)
{
	struct world *w = *state;
	uint8_t mh[8] = { 59, 0, 99 };

	receive_octets(w, HOST_A, WEB1, mh, sizeof(mh));
	assert_string_equal(w->answer, "error 2 home=" WEB1);
	receive_octets(w, HOST_A, NULL, mh, sizeof(mh));
	assert_string_equal(w->answer, "error 2 home=::");
	assert_int_equal(ha_counted(w->ha, HA_UNKNOWN_TYPE), 2);
}

static void
a_wrong_payload_proto_is_a_parameter_problem_at_its_octet(void **state)
{
	struct world *w = *state;
	uint8_t mh[MH_OCTETS_MAX];
	size_t n =
	    encode_bu(&(struct bu){ .seq = 1, .flags = AHR, .lifetime_s = 120 }, mh, sizeof(mh));

	mh[0] = 41;
	receive_octets(w, HOST_A, WEB1, mh, n);
	assert_string_equal(w->answer, "silence");
	assert_string_equal(w->icmp6, "4/0 at 64 to " HOST_A); /* 40 + 24 of the option */
	assert_null(binding(w, WEB1));
}

static void
a_short_header_len_is_a_parameter_problem_at_its_octet(void **state)
{
	struct world *w = *state;
	uint8_t mh[8] = { 59, 0, MH_BU };

	receive_octets(w, HOST_A, NULL, mh, sizeof(mh));
	assert_string_equal(w->icmp6, "4/0 at 41 to " HOST_A);
}

static void
a_wrong_checksum_is_discarded(void **state)
{
	struct world *w = *state;
	uint8_t buf[IP6_MIN_MTU], mh[MH_OCTETS_MAX];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct ip6_mh_out out = { .src = addr(HOST_A),
		.dst = w->policy.address,
		.with_hao = true,
		.home = addr(WEB1),
		.mh = mh };
	struct ip6_mh_packet p;

	out.mh_len =
	    encode_bu(&(struct bu){ .seq = 1, .flags = AHR, .lifetime_s = 120 }, mh, sizeof(mh));
	assert_int_equal(ip6_mh_packet_put(&writer, &out), 0);
	buf[writer.pos - 1] ^= 1;
	assert_int_equal(ip6_mh_packet_get(buf, writer.pos, &p), 0);
	ha_receive(w->ha, w->t, &p);
	assert_int_equal(w->answers, 0);
	assert_string_equal(w->events, "discarded:mh-malformed");
}

static void
messages_for_others_are_discarded(void **state)
{
	struct world *w = *state;
	uint8_t ack[16] = { 59, 1, MH_BA };

	receive_octets(w, HOST_A, WEB1, ack, sizeof(ack));
	assert_string_equal(w->answer, "silence");
	assert_string_equal(w->events, "discarded:mh-not-for-us");
}

/* A packet with the option and something else than a Mobility Header behind it. */
static struct ip6_mh_packet
with_hao(const char *from, const char *hoa, uint8_t upper)
{
	return (struct ip6_mh_packet){ .src = addr(from),
		.dst = addr(HA),
		.has_hao = true,
		.hao = addr(hoa),
		.upper = upper };
}

static void
the_home_address_option_needs_a_binding(void **state)
{
	struct world *w = *state;
	struct ip6_mh_packet udp = with_hao(HOST_A, WEB1, 17);

	ha_receive(w->ha, w->t, &udp);
	assert_string_equal(w->answer, "error 1 home=" WEB1);
	registers(w, WEB1, HOST_A, 1);
	world_quiet(w);
	ha_receive(w->ha, w->t, &udp);
	assert_int_equal(w->answers, 0);
	udp.src = addr(HOST_B);
	ha_receive(w->ha, w->t, &udp);
	assert_string_equal(w->answer, "error 1 home=" WEB1);
}

static void
the_home_address_option_on_ipsec_needs_none(void **state)
{
	struct world *w = *state;
	struct ip6_mh_packet esp = with_hao(HOST_A, WEB1, IP6_ESP);

	ha_receive(w->ha, w->t, &esp);
	esp.upper = IP6_AH;
	ha_receive(w->ha, w->t, &esp);
	assert_int_equal(w->answers, 0);
	assert_string_equal(w->events, "");
}

static void
error_messages_are_limited_to_ten_a_second(void **state)
{
	struct world *w = *state;
	struct ip6_mh_packet udp = with_hao(HOST_A, WEB1, 17);

	for (int i = 0; i < 100; i++)
		ha_receive(w->ha, w->t, &udp);
	assert_int_equal(w->answers, 10);
	assert_int_equal(ha_counted(w->ha, HA_NO_HAO_BINDING), 100);
	w->t.now.ms += 1000;
	ha_receive(w->ha, w->t, &udp);
	assert_int_equal(w->answers, 11);
}

static void
error_messages_do_not_go_to_groups(void **state)
{
	struct world *w = *state;
	struct ip6_mh_packet udp = with_hao("ff02::1", WEB1, 17);

	ha_receive(w->ha, w->t, &udp);
	assert_int_equal(w->answers, 0);
}

/* ---- the hook ---- */

static void
the_hook_is_asked_before_anything_that_depends_on_a_binding(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 100);
	assert_int_equal(w->auth_asked, 1);
	w->auth = -EACCES;
	assert_string_equal(registers(w, WEB1, HOST_A, 1), "silence"); /* and no 135 */
	assert_int_equal(w->auth_asked, 2);
	assert_route(w, WEB1_A, HOST_A);
}

/* ---- many at random ---- */

/*
 * Whatever comes in whatever order: what the kernel has is what the bindings call
 * for and nothing else, and every live binding's first prefix goes to its host.
 */
static void
the_kernel_has_what_the_bindings_call_for(void **state)
{
	static const char *const guests[] = { WEB1, WEB2, LAB1, LAB2 };
	static const char *const prefixes[] = { WEB1_A, WEB2_A, LAB1_A, LAB2_A };
	static const char *const hosts[] = { HOST_A, HOST_B, HOST_C };
	struct world *w = *state;
	uint32_t x = 4711;
	size_t underneath = w->kernel.n;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned g, host;

		x = x * 1664525u + 1013904223u;
		g = x >> 8 & 3;
		host = (x >> 10 & 0xff) % 3;
		if (x >> 30 == 0) {
			pass_time(w, x >> 12 & 0x1fff);
		} else {
			receive(w, &(struct bu){ .from = hosts[host],
				       .hoa = guests[g],
				       .seq = (uint16_t)(i + (x >> 29 & 1) * 3),
				       .flags = x >> 28 & 7 ? AHR : AH,
				       .lifetime_s = x >> 27 & 1 ? 4 * (x >> 20 & 7) : 120,
				       .prefix = { prefixes[x >> 24 & 7 ? g : (g + 1) & 3] } });
		}
		world_quiet(w);
		for (g = 0; g < countof(guests); g++) {
			const struct ha_bind *b = binding(w, guests[g]);
			char coa[TEXT_ADDR_MAX], p[TEXT_PREFIX_MAX];

			if (!ha_bind_is_live(b, w->t.now) || b->reg.n == 0)
				continue;
			assert_route(
			    w, text_prefix(&b->reg.prefix[0], p), text_addr(&b->reg.coa, coa));
		}
	}
	pass_time(w, 300000);
	pass_time(w, HA_DELETE_MS);
	assert_int_equal(w->kernel.n, underneath);
	assert_int_equal(ha_bindings(w->ha)->n, 0);
	assert_int_equal(w->armed.ms, MONO_NEVER.ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(registration_routes_every_prefix_before_the_answer, "N-13 N-23 N-25 N-39"),
		T(a_mobile_node_gets_its_address_and_no_prefix, "N-06"),
		T(what_is_served_but_not_bound_is_unreachable, "N-48 H-01"),
		T(guests_of_one_host_share_its_tunnel, "N-20 N-24"),
		T(the_answer_goes_to_the_source_and_through_the_home_address, "M-13 M-24 M-06"),
		T(at_home_the_answer_has_no_routing_header, "M-24 M-15"),
		T(the_binding_keeps_R_and_the_prefixes_that_came, "N-10 N-02"),
		T(a_prefix_left_out_of_a_refresh_loses_its_route_alone, "N-17"),
		T(a_refresh_asks_nothing_of_the_kernel, "M-19"),
		T(a_move_is_one_set_per_route_and_clears_none, "X-05"),
		T(between_known_tunnels_a_move_makes_no_tunnel, "X-05"),
		T(late_packets_pass_for_the_grace_and_no_longer, "X-08 N-39"),
		T(without_grace_the_old_host_is_cut_off_at_once, "X-08 N-39"),
		T(there_and_back_within_the_grace_leaves_the_other_host_late, "X-08"),
		T(three_hosts_in_a_row_each_have_their_own_grace, "X-08"),
		T(more_hosts_than_are_remembered_forget_the_oldest, "X-08"),
		T(deregistration_ends_the_grace_at_once, "X-08"),
		T(deregistration_takes_everything_back_and_keeps_the_sequence, "N-20 M-27"),
		T(expiry_takes_everything_back, "M-19 M-27"),
		T(a_late_timer_does_not_keep_a_binding_alive, "M-19 M-09"),
		T(bindings_end_in_the_order_of_their_lifetimes, "M-19 M-16"),
		T(drop_forgets_the_sequence_too, "M-09"),
		T(a_refusal_by_the_kernel_registers_nothing, "N-14 N-18"),
		T(a_refusal_by_the_kernel_leaves_the_old_binding, "N-14 N-18"),
		T(takeover_ends_the_binding_that_had_the_prefix, "X-07 H-05"),
		T(a_host_that_moved_in_is_the_same_router_to_us, "X-01 M-10"),
		T(a_late_deregistration_of_the_old_host_does_no_harm, "X-02"),
		T(an_inquiry_changes_nothing_and_needs_no_sequence, "N-11"),
		T(reload_drops_what_is_no_longer_allowed, "N-11 N-12"),
		T(reload_gives_implicit_bindings_the_prefixes_of_the_new_table, "N-02"),
		T(reload_that_the_kernel_refuses_changes_nothing, "N-14"),
		T(an_unknown_type_is_answered_with_binding_error_2, "M-02"),
		T(a_wrong_payload_proto_is_a_parameter_problem_at_its_octet, "M-03"),
		T(a_short_header_len_is_a_parameter_problem_at_its_octet, "M-04"),
		T(a_wrong_checksum_is_discarded, "M-01"),
		T(messages_for_others_are_discarded, "M-06"),
		T(the_home_address_option_needs_a_binding, "M-08"),
		T(the_home_address_option_on_ipsec_needs_none, "M-08"),
		T(error_messages_are_limited_to_ten_a_second, "M-08"),
		T(error_messages_do_not_go_to_groups, "M-08"),
		T(the_hook_is_asked_before_anything_that_depends_on_a_binding, "N-47 S-02"),
		T(the_kernel_has_what_the_bindings_call_for, "N-17 N-18 N-20 X-08"),
	};

	return cmocka_run_group_tests_name("ha", tests, NULL, NULL);
}
