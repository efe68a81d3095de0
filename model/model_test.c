/*
 * model_test.c - see model.h: schedules by chance, and those that once failed.
 *
 *	model_test			the schedules of `make check`
 *	model_test --chance		those by chance alone
 *	model_test SEED			one of them, told
 *	model_test FILE.schedule	one that is kept, told
 *
 * MODEL_SEED is the first seed, MODEL_SCHEDULES how many there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glob.h>

#include "model/model.h"

#if defined(__SANITIZE_ADDRESS__)
#define SCHEDULES 5000
#else
#define SCHEDULES 100000
#endif

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

static void
report(uint64_t seed, const char *why)
{
	struct model_schedule s;

	fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, why);
	model_schedule_make(&s, seed);
	model_shrink(&s);
	fprintf(stderr, "# %s\n", model_run(&s, NULL));
	model_schedule_put(stderr, &s);
}

static void
one_host_serves_a_guest_whatever_happens(void **state)
{
	uint64_t first = number("MODEL_SEED", 1), n = number("MODEL_SCHEDULES", SCHEDULES);

	(void)state;
	fprintf(stderr, "model: %llu schedules from seed %llu\n", (unsigned long long)n,
	    (unsigned long long)first);
	for (uint64_t seed = first; seed < first + n; seed++) {
		struct model_schedule s;
		const char *why;

		model_schedule_make(&s, seed);
		why = model_run(&s, NULL);
		if (why) {
			report(seed, why);
			fail_msg("seed %llu", (unsigned long long)seed);
		}
	}
	fprintf(stderr, "model: %llu took until the refresh at 60 s\n",
	    (unsigned long long)model_refreshed);
	assert_true(model_refreshed <= 1 + n / 1000);
}

static void
get_file(const char *file, struct model_schedule *s)
{
	FILE *in = fopen(file, "r");

	if (!in || model_schedule_get(in, s) < 0) {
		fprintf(stderr, "%s: no schedule\n", file);
		exit(2);
	}
	fclose(in);
}

static void
what_failed_once_holds(void **state)
{
	const char *top = getenv("srcdir");
	char pattern[512];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/model/kept/*.schedule", top ? top : ".");
	if (glob(pattern, 0, NULL, &found) != 0)
		fail_msg("no schedules in %s", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct model_schedule s;
		const char *why;

		get_file(found.gl_pathv[i], &s);
		why = model_run(&s, NULL);
		if (why)
			fail_msg("%s: %s", found.gl_pathv[i], why);
	}
	globfree(&found);
}

static int
tell(const char *what)
{
	struct model_schedule s;
	const char *why;
	char *rest;
	uint64_t seed = strtoull(what, &rest, 0);

	if (*rest)
		get_file(what, &s);
	else
		model_schedule_make(&s, seed);
	model_schedule_put(stdout, &s);
	why = model_run(&s, stdout);
	if (!why)
		return 0;
	model_shrink(&s);
	printf("\nsmaller:\n# %s\n", model_run(&s, NULL));
	model_schedule_put(stdout, &s);
	return 1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_once_holds),
		cmocka_unit_test(one_host_serves_a_guest_whatever_happens),
	};

	if (argc == 2 && strcmp(argv[1], "--chance") != 0)
		return tell(argv[1]);
	if (argc == 2)
		cmocka_set_test_filter("one_host_*");
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
