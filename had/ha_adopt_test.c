/* ha_adopt_test.c - a home agent that is killed and started again, above a kernel that goes on. */
#include "had/ha_test.h"

/*
 * The process dies, the kernel does not. What a dump then finds is all but the passes,
 * which the kernel datapath keeps as elements of filter sets.
 */
static void
restart(struct world *w)
{
	struct plan found = { 0 };

	ha_free(w->ha);
	want_free(w->want);
	for (size_t i = 0; i < w->kernel.n; i++) {
		if (w->kernel.v[i].kind != KOBJ_PASS)
			plan_add(&found, &w->kernel.v[i]);
		else
			w->kernel.v[i--] = w->kernel.v[--w->kernel.n];
	}
	world_start(w);
	world_quiet(w);
	want_know(w->want, &found);
	assert_int_equal(ha_configure(w->ha, &w->policy, &w->table, w->t), 0);
	assert_int_equal(ha_adopt(w->ha, &found, w->t), 0);
	(void)want_fix(w->want, &found, NULL);
	plan_done(&found);
}

static void
a_restart_asks_nothing_of_the_kernel_and_keeps_every_route(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	registers(w, WEB2, HOST_B, 1);
	restart(w);
	assert_int_equal(w->n_lines, 0);
	assert_int_equal(ha_adopted(w->ha), 3);
	assert_int_equal(ha_bound(w->ha), 0);
	assert_route(w, WEB1_A, HOST_A);
	assert_route(w, WEB1_B, HOST_A);
	assert_route(w, WEB2_A, HOST_B);
	assert_true(has_tunnel(w, HOST_A));
}

static void
what_nobody_refreshes_goes_when_the_longest_lifetime_is_over(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	restart(w);
	assert_int_equal(w->armed.ms, w->t.now.ms + 240000);
	w->t.now.ms += 239999;
	ha_tick(w->ha, w->t);
	assert_route(w, WEB1_A, HOST_A);
	w->t.now.ms += 1;
	ha_tick(w->ha, w->t);
	assert_route(w, WEB1_A, "unreachable");
	assert_route(w, WEB1_B, "unreachable");
	assert_false(has_tunnel(w, HOST_A));
	assert_int_equal(ha_adopted(w->ha), 0);
	assert_int_equal(w->armed.ms, MONO_NEVER.ms);
}

static void
who_registers_again_takes_his_routes_over_without_a_change(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	registers(w, WEB2, HOST_A, 1);
	restart(w);
	registers(w, WEB1, HOST_A, 2);
	assert_int_equal(told(w, "set route", ""), 0);
	assert_int_equal(told(w, "set tunnel", ""), 0);
	assert_int_equal(told(w, "clear", ""), 0);
	assert_int_equal(ha_adopted(w->ha), 1);
	w->t.now.ms += 240000;
	ha_tick(w->ha, w->t); /* the others' time is over; so is the binding's */
	registers(w, WEB1, HOST_A, 3);
	assert_route(w, WEB1_A, HOST_A);
	assert_route(w, WEB2_A, "unreachable");
}

static void
who_registers_from_elsewhere_moves_his_routes_and_the_old_tunnel_goes(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 1);
	restart(w);
	registers(w, WEB1, HOST_B, 2);
	assert_route(w, WEB1_A, HOST_B);
	assert_route(w, WEB1_B, HOST_B);
	assert_int_equal(told(w, "set route", ""), 2);
	assert_int_equal(told(w, "clear route", ""), 0);
	assert_false(has_tunnel(w, HOST_A));
}

static void
who_registers_and_leaves_does_not_get_the_old_route_back(void **state)
{
	struct world *w = *state;

	registers(w, WEB2, HOST_A, 1);
	restart(w);
	registers(w, WEB2, HOST_B, 2);
	receive(w, &(struct bu){ .from = HOST_B, .hoa = WEB2, .seq = 3, .flags = AHR });
	assert_route(w, WEB2_A, "unreachable");
	assert_false(has_tunnel(w, HOST_A));
	assert_false(has_tunnel(w, HOST_B));
}

static void
what_is_not_served_any_more_is_not_kept(void **state)
{
	struct world *w = *state;
	struct ha_table other;

	registers(w, WEB1, HOST_A, 1);
	registers(w, WEB2, HOST_B, 1);
	restart(w);
	ha_table_init(&other);
	world_guest(&other, "web2", WEB2, WEB2_A, NULL);
	assert_int_equal(ha_configure(w->ha, &w->policy, &other, w->t), 0);
	assert_int_equal(ha_adopted(w->ha), 1);
	assert_route(w, WEB1_A, "nowhere");
	assert_route(w, WEB2_A, HOST_B);
	assert_int_equal(ha_configure(w->ha, &w->policy, &w->table, w->t), 0);
	ha_table_done(&other);
}

/* On a home link it goes on answering, and nobody has to wait for a test once more. */
static void
what_a_run_before_left_is_defended_and_not_tested_again(void **state)
{
	static const struct ha_station at = { .index = 7, .mac = { { 2 } } };
	struct world *w = *state;
	struct in6_addr web1 = addr(WEB1);
	struct nd_path path = { .from = { { 4 } }, .src = addr("fe80::9") };
	uint8_t buf[128];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };

	registers(w, WEB1, HOST_A, 1);
	w->policy.links = 1;
	w->policy.link[0] = (struct ha_link){ .dev = "eth1", .n = 1, .valid_ms = 3600000 };
	w->policy.link[0].preferred_ms = 3600000;
	w->policy.link[0].prefix[0] = prefix("2001:db8:200::/56");
	restart(w);
	assert_int_equal(ha_adopted(w->ha), 2);
	assert_int_equal(ha_station(w->ha, "eth1", &at), 0);
	path.dst = nd_solicited_node(&web1);
	assert_int_equal(nd_ns_put(&writer, &path, &web1), 0);
	ha_frame(w->ha, w->t, "eth1", buf, writer.pos);
	assert_int_equal(w->n_frames, 1);
	assert_non_null(strstr(w->frames[0], "NA of " WEB1 " RS-"));
	assert_string_equal(registers(w, WEB1, HOST_B, 2), "0 seq=2 life=120 R");
	assert_string_equal(registers(w, WEB2, HOST_B, 2), "silence");
}

static void
routes_that_ha_plan_would_not_make_are_strays(void **state)
{
	struct world *w = *state;
	struct kobj o = { .kind = KOBJ_ROUTE };

	o.route = (struct kobj_route){
		.table = KOBJ_TABLE_MAIN, .metric = HA_METRIC_BOUND, .dst = prefix(WEB2_A)
	};
	o.route.type = KOBJ_BLACKHOLE;
	plan_add(&w->kernel, &o);
	o.route.type = KOBJ_UNICAST;
	o.route.dst = prefix(LAB1_A);
	o.route.dev = kobj_link("eth0");
	plan_add(&w->kernel, &o);
	restart(w);
	assert_int_equal(ha_adopted(w->ha), 0);
	assert_route(w, WEB2_A, "unreachable");
	assert_int_equal(told(w, "clear route", ""), 2);
}

int
main(void)
{
#define T(f, rows)                                                        \
	{                                                                 \
		.name = rows " " #f, .test_func = f, .setup_func = setup, \
		.teardown_func = teardown                                 \
	}
	static const struct CMUnitTest tests[] = {
		T(a_restart_asks_nothing_of_the_kernel_and_keeps_every_route, "X-05"),
		T(what_nobody_refreshes_goes_when_the_longest_lifetime_is_over, "M-19"),
		T(who_registers_again_takes_his_routes_over_without_a_change, "X-05"),
		T(who_registers_from_elsewhere_moves_his_routes_and_the_old_tunnel_goes, "X-05"),
		T(who_registers_and_leaves_does_not_get_the_old_route_back, "N-20"),
		T(what_is_not_served_any_more_is_not_kept, "N-11"),
		T(what_a_run_before_left_is_defended_and_not_tested_again, "M-17 M-30"),
		T(routes_that_ha_plan_would_not_make_are_strays, ""),
	};

	return cmocka_run_group_tests_name("ha_adopt", tests, NULL, NULL);
}
