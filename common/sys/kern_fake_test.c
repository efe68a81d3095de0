/* kern_fake_test.c - the recorder records, remembers, and fails when told to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/sys/kern_fake.h"

static int
setup(void **state)
{
	const struct kern_opts opts = { .name = "fake" };
	struct kern *k;

	assert_int_equal(kern_open(&k, NULL, &opts), 0);
	*state = k;
	return 0;
}

static int
teardown(void **state)
{
	kern_close(*state);
	return 0;
}

static struct kobj
address(void)
{
	struct kobj o = { .kind = KOBJ_ADDRESS };

	o.address.addr.s6_addr[15] = 1;
	strcpy(o.address.dev, "lo");
	return o;
}

static size_t
found(struct kern *k)
{
	struct plan p = { 0 };
	size_t n;

	assert_int_equal(kern_dump(k, &p), 0);
	n = p.n;
	plan_done(&p);
	return n;
}

static void
what_was_set_is_a_line_and_is_found_until_it_is_cleared(void **state)
{
	struct kobj o = address();

	assert_int_equal(kern_set(*state, &o), 0);
	o.address.home = true;
	assert_int_equal(kern_set(*state, &o), 0);
	assert_int_equal(found(*state), 1);
	assert_int_equal(kern_clear(*state, &o), 0);
	assert_int_equal(found(*state), 0);
	assert_int_equal(kern_fake_lines(*state), 3);
	assert_memory_equal(kern_fake_line(*state, 0), "set address", 11);
	assert_memory_equal(kern_fake_line(*state, 2), "clear address", 13);
	assert_null(kern_fake_line(*state, 3));
}

static void
the_call_told_to_fail_does_and_changes_nothing(void **state)
{
	struct kobj o = address();

	kern_fake_fail(*state, 1, -EPERM);
	assert_int_equal(kern_listen(*state, &o.address.addr, true), 0);
	assert_int_equal(kern_set(*state, &o), -EPERM);
	assert_int_equal(found(*state), 0);
	assert_non_null(strstr(kern_fake_line(*state, 1), " = "));
	assert_int_equal(kern_set(*state, &o), 0);
}

static void
a_route_over_a_tunnel_that_was_not_set_is_refused(void **state)
{
	struct kobj o = { .kind = KOBJ_ROUTE }, t = { .kind = KOBJ_TUNNEL };

	o.route.dev = kobj_tunnel_dev(&t.tunnel);
	assert_int_equal(kern_set(*state, &o), -ENODEV);
	assert_int_equal(kern_set(*state, &t), 0);
	assert_int_equal(kern_set(*state, &o), 0);
}

static void
settings_keep_their_values_and_unknown_ones_do_not_exist(void **state)
{
	char value[KERN_SETTING_VALUE_MAX], names[2][KERN_SETTING_NAME_MAX];

	assert_int_equal(kern_setting_get(*state, "link v address", value), -ENOENT);
	assert_int_equal(kern_setting_set(*state, "link v address", "x"), -ENOENT);
	assert_int_equal(kern_fake_setting(*state, "address v fe80::1/64", "present"), 0);
	assert_int_equal(kern_linklocals(*state, "v", names, countof(names)), 1);
	assert_int_equal(kern_setting_set(*state, names[0], "absent"), 0);
	assert_int_equal(kern_setting_get(*state, names[0], value), 0);
	assert_string_equal(value, "absent");
	assert_int_equal(kern_linklocals(*state, "v", names, countof(names)), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(what_was_set_is_a_line_and_is_found_until_it_is_cleared),
		TEST(the_call_told_to_fail_does_and_changes_nothing),
		TEST(a_route_over_a_tunnel_that_was_not_set_is_refused),
		TEST(settings_keep_their_values_and_unknown_ones_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
