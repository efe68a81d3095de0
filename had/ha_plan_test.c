/* ha_plan_test.c - a registration as kernel objects, line by line. */
#include "had/ha_test.h"

#include "had/ha_plan.h"

static void
assert_lines(struct plan *p, const char *const *lines, size_t n)
{
	char text[KOBJ_TEXT_MAX];

	for (size_t i = 0; i < n && i < p->n; i++)
		assert_string_equal(kobj_text(&p->v[i], text), lines[i]);
	assert_int_equal(p->n, n);
	assert_false(p->bad);
	plan_done(p);
}

static struct ha_reg
web1_on_b(void)
{
	struct ha_reg r = { .hoa = addr(WEB1), .coa = addr(HOST_B), .mobile_router = true, .n = 2 };

	r.prefix[0] = prefix(WEB1_A);
	r.prefix[1] = prefix(WEB1_B);
	return r;
}

static void
a_binding_is_a_tunnel_and_for_each_prefix_a_pass_and_a_route(void **state)
{
	static const char *const lines[] = {
		"tunnel local " HA " remote " HOST_B,
		"route " WEB1_A " dev tunnel(" HOST_B ") table 254 metric 1024",
		"route " WEB1_B " dev tunnel(" HOST_B ") table 254 metric 1024",
		"pass source " WEB1_A " iif tunnel(" HOST_B ")",
		"pass source " WEB1_B " iif tunnel(" HOST_B ")",
	};
	struct world *w = *state;
	struct ha_reg r = web1_on_b();
	struct plan p = { 0 };

	ha_plan(&p, &w->policy, &r, NULL, 0);
	assert_lines(&p, lines, countof(lines));
}

static void
a_home_address_outside_of_the_prefixes_has_its_own(void **state)
{
	static const char *const lines[] = {
		"tunnel local " HA " remote " HOST_B,
		"route " WEB1_B " dev tunnel(" HOST_B ") table 254 metric 1024",
		"route " WEB1 "/128 dev tunnel(" HOST_B ") table 254 metric 1024",
		"pass source " WEB1_B " iif tunnel(" HOST_B ")",
		"pass source " WEB1 "/128 iif tunnel(" HOST_B ")",
	};
	struct world *w = *state;
	struct ha_reg r = web1_on_b();
	struct plan p = { 0 };

	r.prefix[0] = prefix(WEB1_B);
	r.n = 1;
	ha_plan(&p, &w->policy, &r, NULL, 0);
	assert_lines(&p, lines, countof(lines));
}

static void
a_former_host_has_its_tunnel_and_late_passes_before_the_route_goes(void **state)
{
	static const char *const lines[] = {
		"tunnel local " HA " remote " HOST_B,
		"tunnel local " HA " remote " HOST_A,
		"pass source " WEB1_A " iif tunnel(" HOST_A ") late",
		"pass destination " WEB1_A " iif tunnel(" HOST_A ") late",
		"route " WEB1_A " dev tunnel(" HOST_B ") table 254 metric 1024",
		"pass source " WEB1_A " iif tunnel(" HOST_B ")",
	};
	const struct ha_late late = { .coa = addr(HOST_A) };
	struct world *w = *state;
	struct ha_reg r = web1_on_b();
	struct plan p = { 0 };

	r.n = 1;
	ha_plan(&p, &w->policy, &r, &late, 1);
	assert_lines(&p, lines, countof(lines));
}

static void
underneath_everything_served_is_unreachable_once(void **state)
{
	static const char *const lines[] = {
		"route unreachable " LAB " table 7 metric 4096",
		"route unreachable " WEB1_A " table 7 metric 4096",
		"route unreachable " WEB1_B " table 7 metric 4096",
		"route unreachable " WEB2_A " table 7 metric 4096",
		"route unreachable " PLAIN "/128 table 7 metric 4096",
	};
	struct world *w = *state;
	struct plan p = { 0 };

	w->policy.table = 7;
	world_guest(&w->table, "twin", "2001:db8:200:2::2", WEB2_A, NULL);
	ha_plan_underneath(&p, &w->policy, &w->table);
	assert_lines(&p, lines, countof(lines));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_binding_is_a_tunnel_and_for_each_prefix_a_pass_and_a_route, "N-13 N-23 N-39"),
		T(a_home_address_outside_of_the_prefixes_has_its_own, "N-39"),
		T(a_former_host_has_its_tunnel_and_late_passes_before_the_route_goes, "X-08"),
		T(underneath_everything_served_is_unreachable_once, "N-48 H-01"),
	};

	return cmocka_run_group_tests_name("ha_plan", tests, NULL, NULL);
}
