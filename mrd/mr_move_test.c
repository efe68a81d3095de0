/* mr_move_test.c - see mr_move.h. */
#include "mrd/mr_move.h"

#include "mrd/mr_test.h"

enum { TENTATIVE = 1, DEPRECATED = 2, TEMPORARY = 4, PERMANENT = 8 };

struct found {
	const char *addr;
	unsigned is;
};

/* What is chosen, as text; "none" if nothing. */
static const char *
chosen(const char *fixed, const char *present, const struct found *v, size_t n,
    char text[static TEXT_ADDR_MAX])
{
	struct mr_move_addr list[8];
	struct in6_addr f = addr_of(fixed), p = addr_of(present), got;

	for (size_t i = 0; i < n; i++)
		list[i] = (struct mr_move_addr){ .addr = addr_of(v[i].addr),
			.tentative = v[i].is & TENTATIVE,
			.deprecated = v[i].is & DEPRECATED,
			.temporary = v[i].is & TEMPORARY,
			.permanent = v[i].is & PERMANENT };
	if (!mr_move_choose(&f, &p, list, n, &got)) {
		assert_true(ip6_is_any(&got));
		return "none";
	}
	return text_addr(&got, text);
}

static void
the_address_chosen_is_the_one_of_each_row(void **state)
{
	static const struct {
		const char *what, *fixed, *present;
		struct found v[3];
		size_t n;
		const char *want;
	} rows[] = {
		{ "no address", "::", "::", { { 0 } }, 0, "none" },
		{ "link-local is none", "::", "::", { { "fe80::1", PERMANENT } }, 1, "none" },
		{ "tentative waits", "::", "::", { { "2001:db8::1", TENTATIVE } }, 1, "none" },
		{ "by RA is as good as any", "::", "::", { { "2001:db8::1", 0 } }, 1,
		    "2001:db8::1" },
		{ "static before RA", "::", "::",
		    { { "2001:db8::1", 0 }, { "2001:db8::2", PERMANENT } }, 2, "2001:db8::2" },
		{ "the first of equals", "::", "::", { { "2001:db8::1", 0 }, { "2001:db8::2", 0 } },
		    2, "2001:db8::1" },
		{ "temporary last", "::", "::",
		    { { "2001:db8::1", TEMPORARY }, { "2001:db8::2", 0 } }, 2, "2001:db8::2" },
		{ "the present one stays", "::", "2001:db8::1",
		    { { "2001:db8::2", PERMANENT }, { "2001:db8::1", 0 } }, 2, "2001:db8::1" },
		{ "unless deprecated", "::", "2001:db8::1",
		    { { "2001:db8::1", DEPRECATED }, { "2001:db8::2", TEMPORARY } }, 2,
		    "2001:db8::2" },
		{ "deprecated is better than none", "::", "::", { { "2001:db8::1", DEPRECATED } },
		    1, "2001:db8::1" },
		{ "the present one went", "::", "2001:db8::9", { { "2001:db8::1", 0 } }, 1,
		    "2001:db8::1" },
		{ "the configured one alone", "2001:db8::2",
		    "::", { { "2001:db8::1", PERMANENT }, { "2001:db8::2", TEMPORARY } }, 2,
		    "2001:db8::2" },
		{ "and nothing if it is not there", "2001:db8::2", "2001:db8::2",
		    { { "2001:db8::1", PERMANENT } }, 1, "none" },
	};
	char text[TEXT_ADDR_MAX];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		print_message("  %s\n", rows[i].what);
		assert_string_equal(
		    chosen(rows[i].fixed, rows[i].present, rows[i].v, rows[i].n, text),
		    rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("M-38 N-41", the_address_chosen_is_the_one_of_each_row),
	};

	return cmocka_run_group_tests_name("mr_move", tests, NULL, NULL);
}
