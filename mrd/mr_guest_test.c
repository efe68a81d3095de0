/* mr_guest_test.c - see mr_guest.h: the table of guests, and the table of their life. */
#include "mrd/mr_guest.h"

#include <errno.h>

#include "mrd/mr_test.h"

static struct mr_guest_conf
guest(const char *name, const char *home, const char *prefix)
{
	struct mr_guest_conf c = { .link = "brvm" };

	snprintf(c.name, sizeof(c.name), "%s", name);
	c.home_address = addr_of(home);
	c.prefix[c.prefixes++] = prefix_of(prefix);
	return c;
}

static void
each_word_in_each_state_leads_where_the_table_says(void **state)
{
	/* Columns: incoming running suspended gone over. "-" cannot be done. */
	static const char *const to[MR_GUEST_STATES] = {
		[MR_ABSENT] = "IR-A-",
		[MR_INCOMING] = "IR-L-",
		[MR_RUNNING] = "RRSL-",
		[MR_SUSPENDED] = "IRSL-",
		[MR_LEAVING] = "IR-LA",
	};
	static const char letters[MR_GUEST_STATES] = { 'A', 'I', 'R', 'S', 'L' };

	(void)state;
	for (unsigned from = 0; from < MR_GUEST_STATES; from++) {
		for (unsigned on = 0; on < MR_WORDS; on++) {
			const struct mr_life *life =
			    mr_life_rule((enum mr_guest_state)from, (enum mr_word)on);

			assert_int_equal(life ? letters[life->to] : '-', to[from][on]);
		}
	}
}

static void
the_source_stops_sending_with_the_suspend_and_never_deregisters(void **state)
{
	(void)state;
	assert_int_equal(mr_life_rule(MR_RUNNING, MR_WORD_SUSPENDED)->reg, MR_LIFE_HOLD);
	for (unsigned from = 0; from < MR_GUEST_STATES; from++) {
		for (unsigned on = 0; on < MR_WORDS; on++) {
			const struct mr_life *life =
			    mr_life_rule((enum mr_guest_state)from, (enum mr_word)on);
			bool begins = life && life->to == MR_RUNNING && life->from != MR_RUNNING;

			/* A registration begins with running, and with nothing else. */
			if (life)
				assert_int_equal(life->reg == MR_LIFE_ATTACH, begins);
		}
	}
}

static void
a_leaving_guest_has_the_grace_and_others_have_none(void **state)
{
	struct mr_guest g = { .over = MONO_NEVER };

	(void)state;
	mr_guest_enter(&g, MR_LEAVING, (mono_t){ 100 }, 2000);
	assert_int_equal(g.over.ms, 2100);
	mr_guest_enter(&g, MR_LEAVING, (mono_t){ 900 }, 2000); /* said again */
	assert_int_equal(g.over.ms, 2100);
	assert_int_equal(g.since.ms, 100);
	mr_guest_enter(&g, MR_RUNNING, (mono_t){ 1000 }, 2000);
	assert_int_equal(g.over.ms, INT64_MAX);
}

static void
guests_are_found_by_name_and_by_home_address(void **state)
{
	struct mr_guest_conf a = guest("a", "2001:db8:1::1", "2001:db8:1::/64");
	struct mr_guest_conf b = guest("b", "2001:db8:ff::b", "2001:db8:2::/64");
	struct mr_guest *g, *h;
	struct mr_guests all;
	struct in6_addr addr;

	(void)state;
	assert_int_equal(mr_guests_init(&all, 4), 0);
	assert_int_equal(mr_guests_add(&all, &a, MR_INDEX_ANY, &g), 0);
	assert_int_equal(mr_guests_add(&all, &b, 3, &h), 0);
	assert_int_equal(h->index, 3);
	assert_ptr_equal(mr_guests_find(&all, "a"), g);
	assert_null(mr_guests_find(&all, "c"));
	addr = addr_of("2001:db8:ff::b");
	assert_ptr_equal(mr_guests_by_home(&all, &addr), h);
	addr = addr_of("2001:db8:1::2"); /* in its prefix, but not its Home Address */
	assert_null(mr_guests_by_home(&all, &addr));
	mr_guests_done(&all);
}

static void
a_part_of_anothers_addresses_is_refused(void **state)
{
	static const struct {
		const char *home, *prefix;
		bool taken;
	} rows[] = {
		{ "2001:db8:2::1", "2001:db8:2::/64", false },
		{ "2001:db8:1::1", "2001:db8:1::/64", true },
		{ "2001:db8:3::1", "2001:db8:1:0:1::/80", true },
		{ "2001:db8:3::1", "2001:db8::/32", true },
		{ "2001:db8:1::9", "2001:db8:3::/64", true },  /* its home is within the prefix */
		{ "2001:db8:fe::1", "2001:db8:3::/64", true }, /* its home is the other's */
	};
	struct mr_guest_conf a = guest("a", "2001:db8:fe::1", "2001:db8:1::/64");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_guest_conf b = guest("b", rows[i].home, rows[i].prefix);
		struct mr_guests all;
		struct mr_guest *g;

		assert_int_equal(mr_guests_init(&all, 4), 0);
		assert_int_equal(mr_guests_add(&all, &a, MR_INDEX_ANY, &g), 0);
		assert_int_equal(
		    mr_guests_add(&all, &b, MR_INDEX_ANY, &g), rows[i].taken ? -EEXIST : 0);
		assert_int_equal(mr_guest_confs_overlap(&a, &b), rows[i].taken);
		assert_int_equal(all.prefixes.n, rows[i].taken ? 2 : 3);
		mr_guests_done(&all);
	}
}

static void
a_changed_guest_lets_go_of_what_it_had(void **state)
{
	struct mr_guest_conf a = guest("a", "2001:db8:1::1", "2001:db8:1::/64");
	struct mr_guest_conf b = guest("b", "2001:db8:1::1", "2001:db8:1::/64");
	struct mr_guest_conf next = guest("a", "2001:db8:2::1", "2001:db8:2::/64");
	struct mr_guests all;
	struct mr_guest *g;

	(void)state;
	assert_int_equal(mr_guests_init(&all, 4), 0);
	assert_int_equal(mr_guests_add(&all, &a, MR_INDEX_ANY, &g), 0);
	assert_int_equal(mr_guests_add(&all, &b, MR_INDEX_ANY, &g), -EEXIST);
	assert_int_equal(mr_guests_change(&all, g = mr_guests_find(&all, "a"), &next), 0);
	assert_int_equal(mr_guests_add(&all, &b, MR_INDEX_ANY, &g), 0);
	assert_int_equal(mr_guests_change(&all, g, &b), 0); /* to the same */
	mr_guests_done(&all);
}

static void
tables_are_numbered_from_the_lowest_that_is_free(void **state)
{
	struct mr_guests all;
	struct mr_guest *g;
	char name[8], home[32], prefix[32];

	(void)state;
	assert_int_equal(mr_guests_init(&all, 3), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct mr_guest_conf c;

		snprintf(name, sizeof(name), "g%u", i);
		snprintf(home, sizeof(home), "2001:db8:%u::1", i);
		snprintf(prefix, sizeof(prefix), "2001:db8:%u::/64", i);
		c = guest(name, home, prefix);
		assert_int_equal(mr_guests_add(&all, &c, MR_INDEX_ANY, &g), i < 3 ? 0 : -ENOSPC);
	}
	mr_guests_remove(&all, mr_guests_find(&all, "g1"));
	{
		struct mr_guest_conf c = guest("new", "2001:db8:9::1", "2001:db8:9::/64");

		assert_int_equal(mr_guests_add(&all, &c, 0, &g), 0); /* 0 is taken */
		assert_int_equal(g->index, 1);
	}
	mr_guests_done(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("X-03", each_word_in_each_state_leads_where_the_table_says),
		TEST("X-03", the_source_stops_sending_with_the_suspend_and_never_deregisters),
		TEST("X-06", a_leaving_guest_has_the_grace_and_others_have_none),
		TEST("M-57", guests_are_found_by_name_and_by_home_address),
		TEST("X-01", a_part_of_anothers_addresses_is_refused),
		TEST("X-01", a_changed_guest_lets_go_of_what_it_had),
		TEST("X-01", tables_are_numbered_from_the_lowest_that_is_free),
	};

	return cmocka_run_group_tests_name("mr_guest", tests, NULL, NULL);
}
