/* kern_guard_test.c - which elements a tunnel's passes make. Pure. */
#include "common/sys/kern_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"

#define TEST(rows, f)                                                                           \
	{                                                                                       \
		.name = rows #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}

struct fixture {
	struct kern_guard g;
	char said[512]; /* what was told since the last look */
};

static struct fixture fixture; /* cmocka's tests run one after the other */

static int
setup(void **state)
{
	fixture = (struct fixture){ 0 };
	kern_guard_init(&fixture.g);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kern_guard_done(&fixture.g);
	return 0;
}

static void
tell(void *ctx, enum kern_guard_set set, const struct ip6_prefix *p, bool on)
{
	static const char *const names[KERN_GUARD_SETS] = { "routed", "dst", "late-src",
		"late-dst" };
	struct fixture *f = ctx;
	size_t n = strlen(f->said);
	char text[TEXT_PREFIX_MAX];

	snprintf(f->said + n, sizeof(f->said) - n, "%s%c%s %s", n ? ", " : "", on ? '+' : '-',
	    names[set], text_prefix(p, text));
}

static struct kobj_pass
pass(enum kobj_side side, const char *prefix, bool late)
{
	struct kobj_pass p = { .side = side, .late = late };

	assert_int_equal(text_to_prefix(prefix, &p.prefix), 0);
	return p;
}

static void
set(struct fixture *f, enum kobj_side side, const char *prefix, bool late, const char *says)
{
	struct kobj_pass p = pass(side, prefix, late);

	f->said[0] = '\0';
	assert_int_equal(kern_guard_set(&f->g, &p, tell, f), 0);
	assert_string_equal(f->said, says);
}

static void
clear(struct fixture *f, enum kobj_side side, const char *prefix, const char *says)
{
	struct kobj_pass p = pass(side, prefix, false);

	f->said[0] = '\0';
	kern_guard_clear(&f->g, &p, tell, f);
	assert_string_equal(f->said, says);
}

#define A "2001:db8:200:1::/64"
#define IN_A "2001:db8:200:1::1/128"
#define AROUND_A "2001:db8:200::/48"

static void
a_binding_that_comes_moves_and_goes_changes_no_set_but_for_its_grace(void **state)
{
	struct fixture *f = *state;

	set(f, KOBJ_SOURCE, A, false, "");
	assert_true(kern_guard_is_by_source(&f->g));
	set(f, KOBJ_SOURCE, A, true, "+late-src " A);
	assert_true(kern_guard_is_by_source(&f->g));
	set(f, KOBJ_SOURCE, A, false, "-late-src " A);
	clear(f, KOBJ_SOURCE, A, "");
	assert_false(kern_guard_is_by_source(&f->g));
}

static void
a_destination_is_an_element_and_a_late_one_is_it_elsewhere(void **state)
{
	struct fixture *f = *state;

	set(f, KOBJ_DESTINATION, A, false, "+dst " A);
	set(f, KOBJ_DESTINATION, A, false, "");
	set(f, KOBJ_DESTINATION, A, true, "-dst " A ", +late-dst " A);
	clear(f, KOBJ_DESTINATION, A, "-late-dst " A);
	clear(f, KOBJ_DESTINATION, A, "");
	assert_false(kern_guard_is_by_source(&f->g));
}

static void
of_nested_prefixes_the_outermost_is_shown_in_whatever_order_they_come(void **state)
{
	struct fixture *f = *state;

	set(f, KOBJ_DESTINATION, A, false, "+dst " A);
	set(f, KOBJ_DESTINATION, IN_A, false, "");
	clear(f, KOBJ_DESTINATION, A, "-dst " A ", +dst " IN_A);
	set(f, KOBJ_DESTINATION, AROUND_A, false, "-dst " IN_A ", +dst " AROUND_A);
	set(f, KOBJ_DESTINATION, A, false, "");
	clear(f, KOBJ_DESTINATION, IN_A, "");
	set(f, KOBJ_DESTINATION, IN_A, false, "");
	clear(f, KOBJ_DESTINATION, AROUND_A, "-dst " AROUND_A ", +dst " A);
}

static void
lateness_and_sides_do_not_nest_in_each_other(void **state)
{
	struct fixture *f = *state;

	set(f, KOBJ_DESTINATION, AROUND_A, false, "+dst " AROUND_A);
	set(f, KOBJ_DESTINATION, A, true, "+late-dst " A);
	set(f, KOBJ_SOURCE, A, true, "+late-src " A);
}

static void
everything_nests_in_the_default_prefix(void **state)
{
	struct fixture *f = *state;

	set(f, KOBJ_DESTINATION, A, false, "+dst " A);
	set(f, KOBJ_DESTINATION, "::/0", false, "-dst " A ", +dst ::/0");
	clear(f, KOBJ_DESTINATION, "::/0", "-dst ::/0, +dst " A);
}

static void
each_tells_what_is_shown_and_dump_what_is_held(void **state)
{
	const struct kobj_tunnel ends = { .remote.s6_addr = { 0x20, 1 } };
	struct fixture *f = *state;
	struct plan found = { 0 };
	unsigned late = 0;

	set(f, KOBJ_SOURCE, A, false, "");
	set(f, KOBJ_SOURCE, IN_A, true, "+late-src " IN_A);
	set(f, KOBJ_DESTINATION, A, false, "+dst " A);
	set(f, KOBJ_DESTINATION, IN_A, false, "");
	f->said[0] = '\0';
	kern_guard_each(&f->g, false, tell, f);
	assert_string_equal(f->said, "-dst " A ", -late-src " IN_A);
	kern_guard_dump(&f->g, &ends, &found);
	assert_int_equal(found.n, 4);
	for (size_t i = 0; i < found.n; i++) {
		assert_int_equal(found.v[i].kind, KOBJ_PASS);
		assert_memory_equal(&found.v[i].pass.tunnel, &ends, sizeof(ends));
		late += found.v[i].pass.late;
	}
	assert_int_equal(late, 1);
	plan_done(&found);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("X-05 N-39 ",
		    a_binding_that_comes_moves_and_goes_changes_no_set_but_for_its_grace),
		TEST("N-37 X-08 ", a_destination_is_an_element_and_a_late_one_is_it_elsewhere),
		TEST("", of_nested_prefixes_the_outermost_is_shown_in_whatever_order_they_come),
		TEST("X-08 ", lateness_and_sides_do_not_nest_in_each_other),
		TEST("", everything_nests_in_the_default_prefix),
		TEST("", each_tells_what_is_shown_and_dump_what_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
