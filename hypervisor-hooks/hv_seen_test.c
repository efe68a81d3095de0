/* hv_seen_test.c - the list of guests that mrd was told of outlives who keeps it. */
#include "hypervisor-hooks/hv_seen.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static char file[] = "/tmp/hv_seen_test.XXXXXX";

static int
set_up(void **state)
{
	int fd = mkstemp(strcpy(file, "/tmp/hv_seen_test.XXXXXX"));

	(void)state;
	return fd < 0 || close(fd) != 0 || unlink(file) != 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(file);
	return 0;
}

static void
what_one_run_has_seen_the_next_knows(void **state)
{
	struct hv_seen s;

	(void)state;
	hv_seen_init(&s, file);
	assert_null(hv_seen_find(&s, "web1"));
	assert_ptr_equal(hv_seen_add(&s, "web1"), hv_seen_add(&s, "web1"));
	assert_non_null(hv_seen_add(&s, "a guest with spaces"));
	assert_non_null(hv_seen_add(&s, "web2"));
	hv_seen_remove(&s, "web2");
	hv_seen_remove(&s, "nobody");
	hv_seen_done(&s);

	hv_seen_init(&s, file);
	assert_int_equal(HASH_COUNT(s.by_name), 2);
	assert_non_null(hv_seen_find(&s, "web1"));
	assert_string_equal(hv_seen_find(&s, "a guest with spaces")->words, "");
	hv_seen_done(&s);
}

static void
a_name_that_mrd_would_not_take_is_not_kept(void **state)
{
	char name[HV_NAME_MAX + 2];
	struct hv_seen s;

	(void)state;
	hv_seen_init(&s, file);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(hv_seen_add(&s, name));
	name[HV_NAME_MAX] = '\0';
	assert_non_null(hv_seen_add(&s, name));
	hv_seen_done(&s);
	hv_seen_init(&s, file);
	assert_non_null(hv_seen_find(&s, name));
	hv_seen_done(&s);
}

static void
a_file_that_cannot_be_is_no_reason_to_forget(void **state)
{
	struct hv_seen s;

	(void)state;
	hv_seen_init(&s, "/nowhere/at/all");
	assert_non_null(hv_seen_add(&s, "web1"));
	assert_non_null(hv_seen_find(&s, "web1"));
	hv_seen_done(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_one_run_has_seen_the_next_knows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_name_that_mrd_would_not_take_is_not_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_that_cannot_be_is_no_reason_to_forget, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
