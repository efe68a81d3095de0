/* kern_pass_test.c - what may come out of a tunnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "common/sys/kern_pass.h"

#define TEST(rows, f)                           \
	{                                       \
		.name = rows #f, .test_func = f \
	}

static struct in6_addr
addr(const char *s)
{
	struct in6_addr a;

	assert_int_equal(text_to_addr(s, &a), 0);
	return a;
}

static struct kobj_pass
pass(enum kobj_side side, const char *prefix, bool late)
{
	struct kobj_pass p = { .side = side, .late = late };

	assert_int_equal(text_to_prefix(prefix, &p.prefix), 0);
	return p;
}

static void
add(struct kern_pass *p, enum kobj_side side, const char *prefix, bool late)
{
	const struct kobj_pass o = pass(side, prefix, late);

	assert_int_equal(kern_pass_set(p, &o), 0);
}

static enum kern_pass_verdict
check(const struct kern_pass *p, const char *src, const char *dst)
{
	const struct in6_addr from = addr(src), to = addr(dst);

	return kern_pass_check(p, &from, &to);
}

static void
nothing_passes_an_empty_list(void **state)
{
	struct kern_pass p;

	(void)state;
	kern_pass_init(&p);
	assert_int_equal(check(&p, "2001:db8::1", "2001:db8::2"), KERN_PASS_REFUSE_DESTINATION);
	kern_pass_done(&p);
}

static void
a_source_or_a_destination_that_is_listed_is_enough(void **state)
{
	struct kern_pass p;

	(void)state;
	kern_pass_init(&p);
	add(&p, KOBJ_SOURCE, "2001:db8:200:1::/64", false);
	add(&p, KOBJ_DESTINATION, "2001:db8:300::1/128", false);
	assert_int_equal(check(&p, "2001:db8:200:1::2", "2001:db8::2"), KERN_PASS_OK);
	assert_int_equal(check(&p, "2001:db8::2", "2001:db8:300::1"), KERN_PASS_OK);
	assert_int_equal(
	    check(&p, "2001:db8:200:2::2", "2001:db8:300::2"), KERN_PASS_REFUSE_SOURCE);
	assert_int_equal(
	    check(&p, "2001:db8:300::1", "2001:db8:200:1::2"), KERN_PASS_REFUSE_SOURCE);
	kern_pass_done(&p);
}

static void
a_late_pass_is_told_from_a_full_one_and_gives_way_to_it(void **state)
{
	struct kern_pass p;
	const struct kobj_pass late = pass(KOBJ_SOURCE, "2001:db8:200::/56", true);

	(void)state;
	kern_pass_init(&p);
	assert_int_equal(kern_pass_set(&p, &late), 0);
	assert_int_equal(check(&p, "2001:db8:200:1::2", "2001:db8:1::1"), KERN_PASS_LATE);
	add(&p, KOBJ_DESTINATION, "2001:db8:1::/64", false);
	assert_int_equal(check(&p, "2001:db8:200:1::2", "2001:db8:1::1"), KERN_PASS_OK);
	add(&p, KOBJ_SOURCE, "2001:db8:200::/56", false); /* the guest came back */
	assert_int_equal(check(&p, "2001:db8:200:1::2", "2001:db8:2::1"), KERN_PASS_OK);
	kern_pass_clear(&p, &late);
	kern_pass_clear(&p, &late);
	assert_int_equal(
	    check(&p, "2001:db8:200:1::2", "2001:db8:2::1"), KERN_PASS_REFUSE_DESTINATION);
	kern_pass_done(&p);
}

static void
what_is_held_is_dumped_with_side_and_lateness(void **state)
{
	const struct kobj_tunnel ends = { addr("2001:db8:1::1"), addr("2001:db8:2::1") };
	struct plan found = { 0 };
	struct kern_pass p;

	(void)state;
	kern_pass_init(&p);
	add(&p, KOBJ_DESTINATION, "2001:db8:200::/64", true);
	kern_pass_dump(&p, &ends, &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.v[0].kind, KOBJ_PASS);
	assert_int_equal(found.v[0].pass.side, KOBJ_DESTINATION);
	assert_true(found.v[0].pass.late);
	assert_memory_equal(&found.v[0].pass.tunnel, &ends, sizeof(ends));
	plan_done(&found);
	kern_pass_done(&p);
}

/* The work per packet is the depth of a trie: a list would need 10^9 comparisons here. */
static void
ten_thousand_prefixes_are_told_apart(void **state)
{
	struct kobj_pass o = pass(KOBJ_SOURCE, "2001:db8::/64", false);
	struct kern_pass p;

	(void)state;
	kern_pass_init(&p);
	for (unsigned i = 0; i < 10000; i++) {
		o.prefix.addr.s6_addr[6] = (uint8_t)(i >> 8);
		o.prefix.addr.s6_addr[7] = (uint8_t)i;
		assert_int_equal(kern_pass_set(&p, &o), 0);
	}
	for (unsigned i = 0; i < 100000; i++) {
		struct in6_addr src = o.prefix.addr;

		src.s6_addr[6] = (uint8_t)(i % 20000 >> 8);
		src.s6_addr[7] = (uint8_t)(i % 20000);
		assert_int_equal(kern_pass_check(&p, &src, &src),
		    i % 20000 < 10000 ? KERN_PASS_OK : KERN_PASS_REFUSE_SOURCE);
	}
	kern_pass_done(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("N-37 N-39 ", nothing_passes_an_empty_list),
		TEST("N-37 N-39 ", a_source_or_a_destination_that_is_listed_is_enough),
		TEST("X-08 ", a_late_pass_is_told_from_a_full_one_and_gives_way_to_it),
		TEST("", what_is_held_is_dumped_with_side_and_lateness),
		TEST("N-39 ", ten_thousand_prefixes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
