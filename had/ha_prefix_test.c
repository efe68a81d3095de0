/* ha_prefix_test.c - who may have what: the table, ranges, and how they meet. */
#include "had/ha_test.h"

static enum ha_allows
allows(const struct world *w, const char *hoa, const char *p)
{
	struct in6_addr a = addr(hoa);
	struct ip6_prefix q = prefix(p);

	return ha_table_allows(&w->table, &a, &q);
}

static void
a_guest_has_what_its_row_says_and_nothing_else(void **state)
{
	struct world *w = *state;

	assert_int_equal(allows(w, WEB1, WEB1_A), HA_ALLOWED);
	assert_int_equal(allows(w, WEB1, WEB1_B), HA_ALLOWED);
	assert_int_equal(allows(w, WEB1, WEB2_A), HA_DENIED);
	assert_int_equal(allows(w, WEB1, "2001:db8:200:1::/65"), HA_DENIED);
	assert_int_equal(allows(w, WEB1, "2001:db8:200::/48"), HA_DENIED);
	assert_int_equal(allows(w, STRANGER, WEB1_A), HA_DENIED);
}

static void
a_range_gives_what_lies_in_it_and_is_long_enough(void **state)
{
	struct world *w = *state;

	assert_int_equal(allows(w, LAB1, "2001:db8:300:100::/56"), HA_ALLOWED);
	assert_int_equal(allows(w, LAB1, "2001:db8:300::/55"), HA_DENIED);
	assert_int_equal(allows(w, LAB1, "2001:db8:300::1/128"), HA_ALLOWED);
	assert_int_equal(allows(w, LAB1, "2001:db8:301::/64"), HA_DENIED);
	assert_int_equal(allows(w, STRANGER, LAB1_A), HA_DENIED);
}

static void
a_guest_within_a_range_keeps_what_is_its_own(void **state)
{
	struct world *w = *state;

	world_guest(&w->table, "kept", "2001:db8:300:700::1", "2001:db8:300:700::/64", NULL);
	assert_int_equal(allows(w, LAB1, "2001:db8:300:700::/64"), HA_DENIED);
	assert_int_equal(allows(w, LAB1, "2001:db8:300:700::/60"), HA_OVERLAPS);
	assert_int_equal(allows(w, LAB1, "2001:db8:300:700:8000::/65"), HA_OVERLAPS);
	assert_int_equal(allows(w, LAB1, "2001:db8:300:701::/64"), HA_ALLOWED);
	/* and has nothing from the range itself */
	assert_int_equal(allows(w, "2001:db8:300:700::1", "2001:db8:300:701::/64"), HA_DENIED);
}

static void
only_guests_and_ranges_are_served(void **state)
{
	static const struct {
		const char *hoa;
		bool served;
	} cases[] = {
		{ WEB1, true },
		{ PLAIN, true },
		{ LAB1, true },
		{ "2001:db8:300:ffff:ffff:ffff:ffff:ffff", true },
		{ "2001:db8:301::", false },
		{ "2001:db8:200:1::2", false }, /* inside of a guest's prefix, and not the guest */
		{ STRANGER, false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct in6_addr a = addr(cases[i].hoa);

		if (ha_table_serves(&w->table, &a) != cases[i].served)
			fail_msg("%s", cases[i].hoa);
	}
}

/* Add a guest to the table as configuration does; returns what ha_table_index said. */
static int
index_guest(struct world *w, const char *hoa, const char *p, bool takeover, bool nested,
    const char *ret_name[static 1])
{
	struct ha_guest *g = ha_table_add_guest(&w->table, "new");
	const struct ha_guest *other = NULL;
	struct ip6_prefix which;
	int r;

	g->hoa = addr(hoa);
	if (p)
		g->prefix[g->n++] = prefix(p);
	r = ha_table_index(&w->table, g, takeover, nested, &other, &which);
	*ret_name = r == -EEXIST ? other->name : "nobody";
	return r;
}

static void
rows_that_overlap_are_refused_unless_wanted(void **state)
{
	static const struct {
		const char *hoa, *p;
		bool takeover, nested;
		const char *other;
	} cases[] = {
		{ WEB1, NULL, true, true, "web1" }, /* one home address is one guest */
		{ "2001:db8:900::1", WEB1_A, false, false, "web1" },
		{ "2001:db8:900::2", WEB1_A, false, true, "web1" },
		{ "2001:db8:900::3", WEB1_A, true, false, "nobody" },
		{ "2001:db8:900::4", "2001:db8:200::/56", false, false, "any" },
		{ "2001:db8:900::5", "2001:db8:200::/56", true, false, "any" },
		{ "2001:db8:900::6", "2001:db8:200::/56", false, true, "nobody" },
		{ "2001:db8:900::7", "2001:db8:200:2:8000::/65", false, false, "any" },
		{ "2001:db8:200:1::9", NULL, true, false, "any" }, /* in somebody's prefix */
		{ "2001:db8:900::8", "2001:db8:900::/64", false, false, "nobody" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		void *made = NULL;
		const char *other;
		int r;

		setup(&made);
		r = index_guest(
		    made, cases[i].hoa, cases[i].p, cases[i].takeover, cases[i].nested, &other);
		if (strcmp(cases[i].other, "any") == 0)
			assert_int_equal(r, -EEXIST);
		else
			assert_string_equal(other, cases[i].other);
		teardown(&made);
	}
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guest_has_what_its_row_says_and_nothing_else, "N-11 N-15"),
		T(a_range_gives_what_lies_in_it_and_is_long_enough, "N-11"),
		T(a_guest_within_a_range_keeps_what_is_its_own, "N-11 X-07"),
		T(only_guests_and_ranges_are_served, "N-12 H-02"),
		T(rows_that_overlap_are_refused_unless_wanted, "X-07 H-05"),
	};

	return cmocka_run_group_tests_name("ha_prefix", tests, NULL, NULL);
}
